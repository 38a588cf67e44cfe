import { describe, expect, it } from 'vitest'
import { createChain } from '../../web/lib/relay/chain.ts'

/** Numbers of a stream, `k` before those of key pictures, and which of them can be decoded. */
const taken = (text: string, stream = 1, chain = createChain()) =>
  text
    .split(' ')
    .filter((one) =>
      chain.takes({ isKey: one.startsWith('k'), stream, number: Number(one.replace('k', '')) }),
    )
    .join(' ')

describe('relayed pictures are decoded', () => {
  it.each([
    ['from a key picture on', '1 2 k3 4 5', 'k3 4 5'],
    ['not behind a gap, until the next key picture', 'k0 1 3 4 k5 6', 'k0 1 k5 6'],
    ['not twice', 'k0 1 1 2 k3', 'k0 1 k3'],
    ['over the end of the numbers', 'k4294967295 0 1', 'k4294967295 0 1'],
  ])('%s', (_, came, decoded) => {
    expect(taken(came)).toBe(decoded)
  })

  it('from a key picture on in each new stream', () => {
    const chain = createChain()
    expect(taken('k0 1', 1, chain)).toBe('k0 1')
    expect(taken('2 k3 4', 2, chain)).toBe('k3 4')
  })

  it('from a key picture on where the decoder lost its place', () => {
    const chain = createChain()
    expect(taken('k0 1', 1, chain)).toBe('k0 1')
    chain.broke()
    expect(taken('2 3 k4 5', 1, chain)).toBe('k4 5')
  })
})
