import { createClient } from '@redis/client'

/** What a Redis server holds: every key and how long it has to live (negative: for ever). */
export async function keysOf(url: string): Promise<{ key: string; ttlMs: number }[]> {
  const client = createClient({ url, RESP: 2, maintNotifications: 'disabled' })
  // Told by what it was asked.
  client.on('error', () => undefined)
  await client.connect()
  try {
    const kept: { key: string; ttlMs: number }[] = []
    for await (const keys of client.scanIterator({ COUNT: 1_000 }))
      for (const key of keys) {
        const ttlMs = await client.pTTL(key)
        // -2: it ended meanwhile.
        if (ttlMs !== -2) kept.push({ key, ttlMs })
      }
    return kept
  } finally {
    client.destroy()
  }
}
