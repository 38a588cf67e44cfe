/** One camera's picture through the server: asks for it, loads what shows it, watches that it moves. */
import { batch, effect, signal, untracked, type ReadonlySignal } from '@preact/signals'
import type { SessionId } from '../../../server/protocol/ids.ts'
import { createBackoff } from '../backoff.ts'
import type { Client } from '../client-types.ts'
import { disposers, type Disposer } from '../disposer.ts'
import { RequestError } from '../outbox.ts'
import { createPictureWatch, type CameraWords } from '../picture-watch.ts'
import type { StatsReader, VideoStats } from '../stats.ts'

/** `relay`: nothing comes through the server; `codec`: this browser does not show what comes. */
export type RelayFault = 'relay' | 'codec'

export type RelayedState =
  | { readonly status: 'idle' }
  | { readonly status: 'connecting' }
  | { readonly status: 'live' }
  /** There was a picture, and it stands still. `since` as `Date.now()`. */
  | { readonly status: 'reconnecting'; readonly since: number }

/** Shows one camera's relayed pictures; `read` counts those it has drawn. */
export interface RelayPlayer extends StatsReader {
  readonly canvas: HTMLCanvasElement
  readonly dispose: Disposer
}

/** Gives each camera's relayed pictures to the player that shows them. */
export interface RelayInbox {
  /** `onFault`: it shows nothing more of what comes, until a picture can be shown again. */
  play(camera: SessionId, onFault: (cause: unknown) => void): RelayPlayer
  readonly dispose: Disposer
}

/** Loaded with the first picture that comes through the server: most never do. */
export type LoadInbox = () => Promise<RelayInbox>

export interface Relayed {
  readonly state: ReadonlySignal<RelayedState>
  /** Why there is no picture. It is waited for all the while. */
  readonly fault: ReadonlySignal<RelayFault | undefined>
  readonly canvas: ReadonlySignal<HTMLCanvasElement | undefined>
  readonly stats: ReadonlySignal<VideoStats | undefined>
  /** Asks again at once. */
  retry(): void
  dispose: Disposer
}

/** Milliseconds within which pictures come, or they are called missing. */
const PICTURE_WITHIN = 6_000
const RETRY = { firstMs: 1_000, capMs: 15_000 }

export const createRelayed = (deps: {
  readonly client: Client
  readonly camera: SessionId
  readonly wanted: ReadonlySignal<boolean>
  readonly says: CameraWords
  /** The camera is connected to the server. */
  readonly present: ReadonlySignal<boolean>
  readonly load: LoadInbox
}): Relayed => {
  const { client, camera, wanted, says, present } = deps
  const { paused } = says
  const state = signal<RelayedState>({ status: 'idle' })
  const fault = signal<RelayFault | undefined>(undefined)
  const canvas = signal<HTMLCanvasElement | undefined>(undefined)
  const stats = signal<VideoStats | undefined>(undefined)
  const player = signal<RelayPlayer | undefined>(undefined)
  /** Rises when it is to be asked for once more. */
  const turn = signal(0)
  const backoff = createBackoff(RETRY)

  const again = () => {
    turn.value = turn.peek() + 1
  }
  const open = (): Disposer => {
    let ended = false
    let timer: ReturnType<typeof setTimeout> | undefined
    const load = async () => {
      try {
        const inbox = await deps.load()
        if (ended) return
        player.value = inbox.play(camera, (cause) => {
          console.warn('A relayed picture cannot be shown', cause)
          fault.value = 'codec'
        })
      } catch (cause) {
        console.warn('What shows relayed pictures was not loaded', cause)
        if (ended) return
        fault.value = 'relay'
        timer = setTimeout(() => void load(), backoff.next())
      }
    }
    state.value = { status: 'connecting' }
    void load()
    return () => {
      ended = true
      clearTimeout(timer)
      player.peek()?.dispose()
      batch(() => {
        player.value = undefined
        canvas.value = undefined
        stats.value = undefined
        fault.value = undefined
        state.value = { status: 'idle' }
      })
    }
  }
  const follow = (shown: RelayPlayer): Disposer => {
    const watch = createPictureWatch(shown, says)
    let had = false
    return disposers(
      watch.dispose,
      effect(() => {
        stats.value = watch.stats.value
      }),
      effect(() => {
        const moving = watch.moving.value
        untracked(() => {
          if (moving) {
            had = true
            backoff.reset()
            batch(() => {
              fault.value = undefined
              // The one before stays in view until this one has something to show.
              canvas.value = shown.canvas
              state.value = { status: 'live' }
            })
          } else if (had) {
            state.value = paused.peek() ? { status: 'idle' } : { status: 'reconnecting', since: Date.now() }
          }
        })
      }),
    )
  }
  /** Tells the server, and tries again where it refuses. */
  const ask = (): Disposer => {
    let ended = false
    let timer: ReturnType<typeof setTimeout> | undefined
    const watch = async () => {
      try {
        await client.watch(camera, true)
      } catch (cause) {
        if (!(cause instanceof RequestError)) throw cause
        // Asked for again with the next connection.
        if (ended || cause.code === 'lost' || cause.code === 'closed') return
        console.warn('The server does not relay this camera', cause)
        fault.value = 'relay'
        timer = setTimeout(again, backoff.next())
      }
    }
    void watch()
    return () => {
      ended = true
      clearTimeout(timer)
    }
  }
  const missAfter = (): Disposer => {
    const timer = setTimeout(() => {
      fault.value ??= 'relay'
    }, PICTURE_WITHIN)
    return () => clearTimeout(timer)
  }
  const giveUp = async () => {
    try {
      await client.watch(camera, false)
    } catch (cause) {
      if (!(cause instanceof RequestError)) throw cause
      // The camera left, or the connection that was told ended: so did its pictures.
    }
  }

  const dispose = disposers(
    effect(() => (wanted.value ? untracked(open) : undefined)),
    effect(() => {
      const shown = player.value
      return shown ? untracked(() => follow(shown)) : undefined
    }),
    effect(() => {
      void turn.value
      // Pictures are asked for when there is something to show them with.
      if (!player.value || !client.active.value || !present.value) return undefined
      return untracked(ask)
    }),
    effect(() => {
      if (!player.value) return undefined
      return () => {
        if (client.active.peek()) void giveUp()
      }
    }),
    effect(() => {
      const missing = wanted.value && !paused.value && client.active.value && state.value.status !== 'live'
      return missing && fault.value === undefined ? missAfter() : undefined
    }),
    client.on('relay-state', (message) => {
      if (message.camera !== camera || !player.peek()) return
      if (message.state !== 'unreachable') return
      console.warn('The server does not reach this camera', message.reason)
      fault.value = 'relay'
    }),
  )
  return {
    state,
    fault,
    canvas,
    stats,
    retry: again,
    dispose,
  }
}
