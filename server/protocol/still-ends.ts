/** How a photo's transfer ends: the one thing of its packets that the server reads, for operators' figures. */

/** Kinds of packets that end a transfer, as they stand in a packet's first byte. */
export const RECEIPT = 6
export const CANCEL = 7

/**
 * What a host's receipt says. `ok`: it is there, and its hash is this; `mismatch`: all of it came, and the hash is
 * another; `full`: no room for it; `unsound`: it is no photo that is taken.
 */
export const OUTCOMES = ['ok', 'mismatch', 'full', 'unsound'] as const
export type Outcome = (typeof OUTCOMES)[number]

/** By a receipt, or by the camera that gives up. */
export type StillEnd = Outcome | 'cancelled'
export const STILL_ENDS: readonly StillEnd[] = [...OUTCOMES, 'cancelled']

/** Bytes before a packet's body: its kind and transfer. */
const HEAD = 5
/** A receipt is not longer. Bytes. */
const MOST_RECEIPT = 256

/** @returns what a receipt's body says; nothing where it is unsound. Never throws. */
export function readOutcome(body: Uint8Array): Outcome | undefined {
  let said: unknown
  try {
    said = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    // What is no JSON is no receipt, which is what the caller says.
    return undefined
  }
  if (typeof said !== 'object' || said === null || !('outcome' in said)) return undefined
  return OUTCOMES.find((known) => known === said.outcome)
}

/** @returns which transfer a packet of this member ends, and how; nothing where it ends none. Never throws. */
export function endOf(
  packet: Uint8Array,
  by: 'camera' | 'host',
): { readonly transfer: number; readonly end: StillEnd } | undefined {
  const kind = packet[0]
  if (packet.length < HEAD || kind !== (by === 'host' ? RECEIPT : CANCEL)) return undefined
  const transfer = new DataView(packet.buffer, packet.byteOffset, packet.byteLength).getUint32(1)
  if (kind === CANCEL) return { transfer, end: 'cancelled' }
  if (packet.length > HEAD + MOST_RECEIPT) return undefined
  const end = readOutcome(packet.subarray(HEAD))
  return end && { transfer, end }
}
