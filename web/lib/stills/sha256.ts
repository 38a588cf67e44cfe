/** SHA-256 (FIPS 180-4) for pages that the browser keeps `crypto.subtle` from: those without https. */

/** Fractional parts of cube roots of the first 64 primes, and of square roots of the first eight (section 4.2.2, 5.3.3). */
const primes = (count: number): number[] => {
  const found: number[] = []
  for (let candidate = 2; found.length < count; candidate += 1)
    if (found.every((prime) => candidate % prime !== 0)) found.push(candidate)
  return found
}
const fraction = (root: number): number => Math.floor((root - Math.floor(root)) * 2 ** 32) | 0
const ROUNDS = Int32Array.from(primes(64), (prime) => fraction(Math.cbrt(prime)))
const START = Int32Array.from(primes(8), (prime) => fraction(Math.sqrt(prime)))

const BLOCK = 64
/** Blocks between two pauses, in which the page can do other things. */
const STEP = 16_384

const turn = (word: number, by: number): number => (word >>> by) | (word << (32 - by))

function digestBlock(state: Int32Array, words: Int32Array, view: DataView, start: number): void {
  for (let at = 0; at < 16; at += 1) words[at] = view.getInt32(start + at * 4)
  for (let at = 16; at < 64; at += 1) {
    const early = words[at - 15] as number
    const late = words[at - 2] as number
    const low = turn(early, 7) ^ turn(early, 18) ^ (early >>> 3)
    const high = turn(late, 17) ^ turn(late, 19) ^ (late >>> 10)
    words[at] = ((words[at - 16] as number) + low + (words[at - 7] as number) + high) | 0
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  for (let at = 0; at < 64; at += 1) {
    const chosen = (e & f) ^ (~e & g)
    const first =
      (h +
        (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) +
        chosen +
        (ROUNDS[at] as number) +
        (words[at] as number)) |
      0
    const second = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0
    h = g
    g = f
    f = e
    e = (d + first) | 0
    d = c
    c = b
    b = a
    a = (first + second) | 0
  }
  for (const [at, word] of [a, b, c, d, e, f, g, h].entries()) state[at] = ((state[at] as number) + word) | 0
}

const pause = () => new Promise<void>((resolve) => void setTimeout(resolve))

/** @returns 32 bytes */
export async function sha256Of(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const state = START.slice()
  const words = new Int32Array(64)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const whole = Math.floor(bytes.length / BLOCK)
  for (let block = 0; block < whole; block += 1) {
    if (block % STEP === STEP - 1) await pause()
    digestBlock(state, words, view, block * BLOCK)
  }
  // What is left, a one bit, zeros, and the length in bits (section 5.1.1).
  const rest = bytes.subarray(whole * BLOCK)
  const tail = new Uint8Array(rest.length + 9 > BLOCK ? 2 * BLOCK : BLOCK)
  tail.set(rest)
  tail[rest.length] = 0x80
  const tailView = new DataView(tail.buffer)
  tailView.setBigUint64(tail.length - 8, BigInt(bytes.length) * 8n)
  for (let at = 0; at < tail.length; at += BLOCK) digestBlock(state, words, tailView, at)
  const digest = new Uint8Array(32)
  const digestView = new DataView(digest.buffer)
  for (const [at, word] of state.entries()) digestView.setInt32(at * 4, word)
  return digest
}
