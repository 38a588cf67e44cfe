/** How long the members of an instance that was killed are believed to be there. */
import { openRoom, startTwo, type Kind } from './members.ts'

/** Longer than any timeout of the contract. Milliseconds. */
const GIVE_UP = 60_000

/** @returns milliseconds from `kill -9` to the moment when a member of the other instance is told */
export async function measureKilled(kind: Kind): Promise<number> {
  const two = await startTwo(kind)
  try {
    const { host } = await openRoom(two)
    const lost = new Promise<number>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error('the members of a killed instance stay')), GIVE_UP)
      host.socket.on('message', (bytes: Buffer) => {
        const message = JSON.parse(bytes.toString()) as { type: string; reason?: string }
        if (message.type !== 'member-left' || message.reason !== 'instance-lost') return
        clearTimeout(late)
        resolve(performance.now())
      })
    })
    // At any place between two pings of the instances.
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 5_000))
    const began = performance.now()
    await two.servers[1].kill()
    return (await lost) - began
  } finally {
    await two.close()
  }
}
