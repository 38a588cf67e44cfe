import { expect, test } from 'vitest'
import { call, createRoom, issueCode, secretOf } from '../support/app.ts'
import { startPhone } from '../support/pages.ts'
import { startServer } from '../support/server-process.ts'

test('[PAIR-1] [MED-5] an expired code is said before anything is asked, with what to do', async () => {
  const server = await startServer({ PAIRING_TTL_SECONDS: '1' })
  const handheld = await startPhone()
  try {
    const { session } = await createRoom(server.url)
    const code = await issueCode(server.url, session.token)
    const body = { secret: secretOf(code) }
    const status = async () => (await call(server.url, 'POST', '/api/pairings/preview', { body })).status
    await expect.poll(status, { timeout: 5_000 }).toBe(404)
    const phone = await handheld.open(code.url.replace(/^http:\/\/[^/]+/, server.url))
    await phone.locator('[data-state="failed"]').waitFor()
    await phone
      .getByText(/That code does not work|has run out/)
      .first()
      .waitFor()
    expect(await phone.getByRole('button', { name: 'Start camera' }).count()).toBe(0)
  } finally {
    await handheld.close()
    await server.stop()
  }
})
