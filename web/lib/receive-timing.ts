/** What a received picture loses and waits for on its way, from the running counts of webrtc-stats. */

/** Counts of an `inbound-rtp` entry, each where the browser tells it. Times are in seconds. */
export interface ReceiveCounts {
  /** Milliseconds. */
  readonly timestamp: number
  readonly packetsReceived?: number
  /** May fall where a late packet comes after all. */
  readonly packetsLost?: number
  readonly jitterBufferDelay?: number
  readonly jitterBufferEmittedCount?: number
  readonly totalDecodeTime?: number
  readonly framesDecoded?: number
}

export interface ReceiveTiming {
  /** Share of the packets that did not arrive, 0 to 100. */
  readonly lossPercent?: number
  /** Mean milliseconds that a picture waited to be whole and due. */
  readonly waitMs?: number
  /** Mean milliseconds to decode one. */
  readonly decodeMs?: number
}

/** Over less than this a single packet would make the share jump. Milliseconds. */
const OVER = 1_000

/** By how much a sum grew for each time that its count grew; undefined where nothing was counted. */
const mean = (
  sum: readonly [number | undefined, number | undefined],
  count: readonly [number | undefined, number | undefined],
): number | undefined => {
  const [sumNow, sumBefore = 0] = sum
  const [countNow, countBefore = 0] = count
  if (sumNow === undefined || countNow === undefined || countNow <= countBefore) return undefined
  return Math.max(0, (sumNow - sumBefore) / (countNow - countBefore))
}

const between = (now: ReceiveCounts, before: ReceiveCounts | undefined): ReceiveTiming => {
  const sent = (counts: ReceiveCounts | undefined) =>
    counts?.packetsReceived === undefined ? undefined : counts.packetsReceived + (counts.packetsLost ?? 0)
  const loss = mean([now.packetsLost, before?.packetsLost], [sent(now), sent(before)])
  const wait = mean(
    [now.jitterBufferDelay, before?.jitterBufferDelay],
    [now.jitterBufferEmittedCount, before?.jitterBufferEmittedCount],
  )
  const decode = mean(
    [now.totalDecodeTime, before?.totalDecodeTime],
    [now.framesDecoded, before?.framesDecoded],
  )
  return {
    ...(loss === undefined ? {} : { lossPercent: Math.min(100, Math.round(loss * 1_000) / 10) }),
    ...(wait === undefined ? {} : { waitMs: Math.round(wait * 1_000) }),
    ...(decode === undefined ? {} : { decodeMs: Math.round(decode * 10_000) / 10 }),
  }
}

/** Reads one connection's counts again and again; gives the means over the last second or more. */
export const createReceiveTiming = (): ((now: ReceiveCounts) => ReceiveTiming) => {
  let before: ReceiveCounts | undefined
  let last: ReceiveTiming = {}
  return (now) => {
    if (before && now.timestamp - before.timestamp < OVER) return last
    last = between(now, before)
    before = now
    return last
  }
}
