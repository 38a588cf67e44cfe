/** Pictures through the server where phone and dashboard are on different instances. */
import { expect, test } from 'vitest'
import { aroundAll } from '../support/around.ts'
import { startInstances } from '../support/instances.ts'
import {
  canvasMoves,
  freshRoom,
  liveBy,
  scan,
  startCamera,
  startDesktop,
  startPhone,
} from '../support/pages.ts'

const instances = aroundAll(() => startInstances(2))
const desktop = aroundAll(() => startDesktop())
const handheld = aroundAll(() => startPhone())

test('[MED-6] a phone on another instance is live through both', async () => {
  const dashboard = await freshRoom(desktop(), `${instances().at(0).url}/?transport=relay`)
  const phone = await handheld().context.newPage()
  const there = new URL(await scan(dashboard))
  there.port = String(instances().at(1).port)
  await startCamera(phone, there.href)
  await liveBy(dashboard, 'relay').waitFor()
  expect(await canvasMoves(dashboard)).toBe(true)
  await phone.locator('[data-state="live"]').waitFor()
}, 120_000)
