import { describe, expect, it, vi } from 'vitest'
import { createClaimKeys } from '../../web/phone/claim-key.ts'

const SECRET = 'abcdefghijklmnopqrst-_'
const memory = () => {
  const entries = new Map<string, string>()
  const storage = {
    getItem: (name: string) => entries.get(name) ?? null,
    setItem: (name: string, value: string) => void entries.set(name, value),
    removeItem: (name: string) => void entries.delete(name),
  } as unknown as Storage
  return { entries, storage }
}

describe('claim keys', () => {
  it('[MED-4] the same code has the same key after a reload, until the claim is answered', async () => {
    const { storage } = memory()
    const before = createClaimKeys(storage)
    expect(before.open).toBe(false)
    const key = await before.keyOf({ secret: SECRET })
    expect(key).toMatch(/^[\w-]{43}$/)
    expect(await before.keyOf({ secret: SECRET })).toBe(key)

    const after = createClaimKeys(storage)
    expect(after.open).toBe(true)
    expect(await after.keyOf({ secret: SECRET })).toBe(key)

    after.answered()
    expect(after.open).toBe(false)
    expect(createClaimKeys(storage).open).toBe(false)
    expect(await after.keyOf({ secret: SECRET })).not.toBe(key)
  })

  it('another code has another key, and so has another tab', async () => {
    const keys = createClaimKeys(memory().storage)
    const mine = await keys.keyOf({ secret: SECRET })
    expect(await keys.keyOf({ secret: `${SECRET}x` })).not.toBe(mine)
    expect(await keys.keyOf({ code: SECRET })).not.toBe(mine)
    expect(await createClaimKeys(memory().storage).keyOf({ secret: SECRET })).not.toBe(mine)
  })

  it('[PAIR-8] neither the code nor the key is stored', async () => {
    const { entries, storage } = memory()
    const keys = createClaimKeys(storage)
    const stored = [await keys.keyOf({ secret: SECRET }), await keys.keyOf({ code: 'BCDFGHJK' })]
    expect(entries.size).toBe(1)
    for (const text of [...stored, SECRET, 'BCDFGHJK'])
      expect(JSON.stringify([...entries])).not.toContain(text)
  })

  it('where nothing can be stored they last as long as the page', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    const full = Object.assign(memory().storage, {
      setItem() {
        throw new DOMException('full', 'QuotaExceededError')
      },
    })
    for (const storage of [undefined, full]) {
      const keys = createClaimKeys(storage)
      const key = await keys.keyOf({ secret: SECRET })
      expect(key.length).toBeGreaterThanOrEqual(22)
      expect(await keys.keyOf({ secret: SECRET })).toBe(key)
    }
  })

  it('on pages without https, where nothing can be hashed, nothing is stored', async () => {
    const { entries, storage } = memory()
    vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) })
    const keys = createClaimKeys(storage)
    const key = await keys.keyOf({ secret: SECRET })
    expect(key).toMatch(/^[\w-]{22}$/)
    expect(await keys.keyOf({ secret: SECRET })).toBe(key)
    expect(entries.size).toBe(0)
  })
})
