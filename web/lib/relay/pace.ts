/** How fast relayed pictures may be made, so that none leaves late: it is skipped before it is encoded instead. */

export interface Pace {
  /** Bits a second. */
  readonly bitrate: number
  /** Pictures a second at most. */
  readonly fps: number
  /** Nothing is to be encoded until more has left. */
  readonly hold: boolean
}

/** Bits a second: 720p30 begins sharp enough and goes through most uplinks. */
const START = 1_500_000
const MOST = 2_500_000
const LEAST = 150_000
const LOWER = 0.7
/** How much of what the way carries is used: the rest lets it become empty again. */
const USED = 0.85
const RAISE = 1.1
/** Milliseconds between two steps down: the one before must have had time to help. */
const LOWER_EVERY = 1_000
/** Up only after so long without trouble, and then slowly, or it would swing. */
const CALM_FOR = 4_000
const RAISE_EVERY = 2_000
/** Below it half the pictures are worth more than all of them blurred. */
const HALF_RATE_BELOW = 500_000
/** Milliseconds that a picture has waited when the next ones are held back, so that they stay under half a second. */
const WAITED = 150
/** Unsent time and bytes that are no trouble: a key picture is many times as large as the others. */
const UNSENT_MS = 250
const UNSENT_LEAST = 48 * 1024

export interface PaceKeeper {
  /** Notes a picture that was handed to the socket. */
  sent(bytes: number, takenAt: number): void
  /** The pace now. `unsent`: bytes that wait in the socket; `behind`: milliseconds, as of probe.ts. */
  look(unsent: number, behind?: number): Pace
  /** Bytes handed to the socket so far. */
  total(): number
  /** The way is full and carries so many bits a second. */
  carries(bitsPerSecond: number): void
  /** The server says that the way is too slow, or a picture was too large or too late. */
  trouble(): void
}

export const createPace = (now: () => number = Date.now): PaceKeeper => {
  let bitrate = START
  let total = 0
  let waiting: { end: number; takenAt: number }[] = []
  let loweredAt = Number.NEGATIVE_INFINITY
  let changedAt = now()

  const trouble = () => {
    const time = now()
    changedAt = Math.max(changedAt, time + CALM_FOR - RAISE_EVERY)
    if (time - loweredAt < LOWER_EVERY) return
    loweredAt = time
    bitrate = Math.max(LEAST, Math.round(bitrate * LOWER))
  }

  return {
    trouble,
    total: () => total,
    carries(bitsPerSecond) {
      const fits = Math.max(LEAST, Math.round(bitsPerSecond * USED))
      if (fits >= bitrate) return
      bitrate = fits
      loweredAt = now()
      changedAt = loweredAt + CALM_FOR - RAISE_EVERY
    },
    sent(bytes, takenAt) {
      total += bytes
      waiting.push({ end: total, takenAt })
    },
    look(unsent, behind = 0) {
      const time = now()
      waiting = waiting.filter(({ end }) => end > total - unsent)
      const [oldest] = waiting
      const late = behind > WAITED || (oldest !== undefined && time - oldest.takenAt > WAITED)
      if (late) trouble()
      else if (time - changedAt >= RAISE_EVERY) {
        changedAt = time
        bitrate = Math.min(MOST, Math.round(bitrate * RAISE))
      }
      return {
        bitrate,
        fps: bitrate < HALF_RATE_BELOW ? 15 : 30,
        hold: late || unsent > Math.max(UNSENT_LEAST, ((bitrate / 8) * UNSENT_MS) / 1_000),
      }
    },
  }
}
