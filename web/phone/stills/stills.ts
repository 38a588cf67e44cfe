/** Photos of this phone: what the page shows of them, and a door to what takes and sends them, which is loaded when it is needed. */
import { computed, signal, type ReadonlySignal } from '@preact/signals'
import type { SessionId } from '../../../server/protocol/ids.ts'
import type { Client } from '../../lib/client-types.ts'
import { CommandFault } from '../../lib/direction/commands.ts'
import type { Sending } from '../../lib/sending.ts'
import type { StillProgress } from '../../lib/stills/fault.ts'
import type { Camera } from '../camera.ts'
import type { Post } from './post.ts'
import type { Taken } from './take.ts'

/** What is to be said of the newest photo; `retry` sends what failed once more. */
export type StillNote =
  | { readonly kind: 'busy'; readonly progress: StillProgress }
  | { readonly kind: 'sent' }
  | { readonly kind: 'failed'; readonly text: string; readonly retry?: () => void }

/** What the dashboard is told of a photo that was taken: it comes as this transfer. */
export interface StillTaken extends Omit<Taken, 'bytes'> {
  readonly transfer: number
  readonly bytes: number
}

export interface PhoneStills {
  readonly note: ReadonlySignal<StillNote | undefined>
  /** Takes a photo for this host, and sends it behind the answer. Rejects with `CommandFault`. */
  take(to: SessionId): Promise<StillTaken>
  /** Sends a photo to every host that is here. What becomes of it is said in `note`. */
  sendFile(file: File): Promise<void>
  dispose(): void
}

/** On their way to one host, or waiting, at most. */
const MOST_WAITING = 6
/** Good news is shown for so long. Milliseconds. */
const SENT_FOR = 4_000
const FAILED_FOR = 12_000

const LOADING = 'Part of this page did not load. Check the connection and try again.'
const BROKEN = 'The photo failed in this browser. Try again.'

/** What became of one photo for several hosts. */
interface Round {
  readonly reached: number
  readonly missed: readonly SessionId[]
  readonly why: unknown
}

/** "1 of 2 dashboards did not get the photo." */
const missedWords = ({ reached, missed }: Round): string =>
  `${missed.length} of ${reached + missed.length} dashboards did not get the photo.`

export const createStills = (deps: {
  client: Client
  camera: Camera
  sending: ReadonlySignal<Pick<Sending, 'peers'> | undefined>
}): PhoneStills => {
  const { client, camera, sending } = deps
  const note = signal<StillNote | undefined>(undefined)
  const channels = computed(() => {
    const open = [...(sending.value?.peers.value ?? [])].flatMap(([id, peer]) => {
      const channel = peer.channel.value
      return channel === undefined ? [] : [[id, channel] as const]
    })
    return new Map(open)
  })
  let post: Post | undefined
  let disposed = false
  let noteTimer: ReturnType<typeof setTimeout> | undefined
  /** One photo is taken at a time. */
  let taking: Promise<unknown> = Promise.resolve()

  const say = (next: StillNote, forMs?: number) => {
    if (disposed) return
    clearTimeout(noteTimer)
    note.value = next
    if (forMs !== undefined) noteTimer = setTimeout(() => (note.value = undefined), forMs)
  }
  const onProgress = (progress: StillProgress) => say({ kind: 'busy', progress })
  /** Anything but a fault with words of its own is one of the page. */
  const failed = (cause: unknown, retry?: () => void) => {
    // By its name: the class itself comes with what is loaded later.
    const known = cause instanceof CommandFault || (cause instanceof Error && cause.name === 'StillFault')
    if (!known) console.error('The photo failed', cause)
    const text = known ? cause.message : BROKEN
    if (retry) say({ kind: 'failed', text, retry })
    else say({ kind: 'failed', text }, FAILED_FOR)
    return text
  }
  const parts = async () => {
    try {
      const [{ takeStill, stillOfFile }, { openPost }] = await Promise.all([
        import('./take.ts'),
        import('./post.ts'),
      ])
      post ??= openPost(client, channels)
      // The page may have gone on while it loaded.
      if (disposed) post.dispose()
      return { takeStill, stillOfFile, post }
    } catch (cause) {
      throw new CommandFault('failed', LOADING, { cause })
    }
  }
  const number = () => crypto.getRandomValues(new Uint32Array(1))[0] ?? 0

  const takeNow = async (to: SessionId): Promise<StillTaken> => {
    const track = camera.track.peek()
    if (camera.phase.peek().status !== 'live' || track === undefined)
      throw new CommandFault('not-now', 'The camera is not on. Start it on the phone.')
    say({ kind: 'busy', progress: { stage: 'taking' } })
    try {
      const { takeStill, post: open } = await parts()
      if (open.waiting(to) >= MOST_WAITING)
        throw new CommandFault('not-now', 'Photos are still being sent. Try again in a moment.')
      const takenAt = client.serverNow()
      const taken = await takeStill(track)
      const transfer = number()
      open.send({ ...taken, takenAt }, to, transfer, onProgress).then(
        () => say({ kind: 'sent' }, SENT_FOR),
        (cause: unknown) => failed(cause),
      )
      return { ...taken, bytes: taken.bytes.length, transfer }
    } catch (cause) {
      const text = failed(cause)
      throw cause instanceof CommandFault ? cause : new CommandFault('failed', text, { cause })
    }
  }
  const hosts = () =>
    [...client.members.peek().values()]
      .filter(({ role, connected }) => role === 'host' && connected)
      .map(({ id }) => id)

  /** To all of them at once; what is said of it is how far it is on the whole. */
  const sendRound = async (
    still: Taken & { readonly takenAt: number },
    to: readonly SessionId[],
    open: Post,
  ): Promise<Round> => {
    const all = new Map<SessionId, number>()
    const far = (id: SessionId, progress: StillProgress) => {
      all.set(id, progress.stage === 'sending' ? progress.part : 1)
      const part = [...all.values()].reduce((sum, one) => sum + one, 0) / to.length
      onProgress(part < 1 ? { stage: 'sending', part } : { stage: 'checking' })
    }
    const ends = await Promise.allSettled(
      to.map((id) => open.send(still, id, number(), (progress) => far(id, progress))),
    )
    const missed = to.filter((_id, index) => ends[index]?.status === 'rejected')
    const why = ends.find((end) => end.status === 'rejected')?.reason as unknown
    return { reached: to.length - missed.length, missed, why }
  }

  /** @param among those who did not get it before; absent: everybody */
  const sendFile = async (file: File, among?: readonly SessionId[]): Promise<void> => {
    const retry = () => void sendFile(file, among)
    onProgress({ stage: 'taking' })
    try {
      const { stillOfFile, post: open } = await parts()
      const taken = await stillOfFile(file)
      const here = hosts()
      const rest = here.filter((id) => among?.includes(id) ?? true)
      // Who missed it may have left: then it is for whoever is here.
      const to = rest.length > 0 ? rest : here
      if (to.length === 0) {
        say({ kind: 'failed', text: 'No dashboard is open. Open it, then send the photo.', retry })
        return
      }
      const round = await sendRound({ ...taken, takenAt: file.lastModified || client.serverNow() }, to, open)
      if (round.missed.length === 0) say({ kind: 'sent' })
      else if (round.reached === 0) failed(round.why, () => void sendFile(file, round.missed))
      else {
        console.warn('Not every dashboard got the photo', round.why)
        say({ kind: 'failed', text: missedWords(round), retry: () => void sendFile(file, round.missed) })
      }
    } catch (cause) {
      failed(cause, retry)
    }
  }

  return {
    note,
    take(to) {
      const mine = taking.then(() => takeNow(to))
      taking = mine.catch(() => undefined)
      return mine
    },
    sendFile: (file) => sendFile(file),
    dispose() {
      disposed = true
      clearTimeout(noteTimer)
      post?.dispose()
    },
  }
}
