/** Follows who watches a phone's relayed picture, and has it sent while somebody does. */
import { computed, effect, signal, untracked, type ReadonlySignal } from '@preact/signals'
import type { SessionId } from '../../../server/protocol/ids.ts'
import type { ServerMessageOf } from '../../../server/protocol/messages.ts'
import { readWatcher } from '../camera-state.ts'
import { createBackoff } from '../backoff.ts'
import type { Client } from '../client-types.ts'
import { disposers, type Disposer } from '../disposer.ts'
import { common, FAMILIES, type Family } from './codecs.ts'
import type { RelaySender, SenderNeeds } from './sender.ts'

/** How the code that sends is loaded: it is as large as the page, and most phones never need it. */
export type LoadSender = () => Promise<{ createRelaySender(needs: SenderNeeds): RelaySender }>

export interface RelayUpload {
  /** Pictures leave for the server now. */
  readonly sending: ReadonlySignal<boolean>
  readonly dispose: Disposer
}

export const createRelayUpload = (deps: {
  readonly client: Client
  /** The own member. */
  readonly camera: SessionId
  readonly track: ReadonlySignal<MediaStreamTrack | undefined>
  readonly load?: LoadSender
}): RelayUpload => {
  const { client, camera, track } = deps
  const load: LoadSender = deps.load ?? (() => import('./sender.ts'))
  const backoff = createBackoff({ firstMs: 1_000, capMs: 15_000 })
  const last = signal<ServerMessageOf<'relay'> | undefined>(undefined)
  const sending = signal(false)
  const wanted = computed(
    () => client.active.value && (last.value?.watchers ?? 0) > 0 && track.value !== undefined,
  )
  const shown = computed(() =>
    common(
      [...client.members.value.values()].flatMap((member) => {
        const { via, shows } = readWatcher(member.state, camera)
        return member.connected && via !== undefined ? [shows ?? FAMILIES] : []
      }),
    ).join(' '),
  )
  // Told apart by their text: presence changes often, and each new list would start the encoder anew.
  const allowed = computed(() => shown.value.split(' ') as Family[])
  let sender: RelaySender | undefined

  const start = (): Disposer => {
    let ended = false
    let timer: ReturnType<typeof setTimeout> | undefined
    const open = async () => {
      try {
        const { createRelaySender } = await load()
        if (ended) return
        backoff.reset()
        sender = createRelaySender({
          client,
          track,
          allowed,
          onSent: () => {
            sending.value = true
          },
        })
      } catch (cause) {
        console.warn('What sends pictures through the server was not loaded', cause)
        if (!ended) timer = setTimeout(() => void open(), backoff.next())
      }
    }
    void open()
    return () => {
      ended = true
      clearTimeout(timer)
      sender?.dispose()
      sender = undefined
      sending.value = false
    }
  }

  const dispose = disposers(
    client.on('relay', (message) => {
      last.value = message
      sender?.told(message)
    }),
    effect(() => {
      // What was said on a connection ends with it; the server says it again behind the next welcome.
      if (!client.active.value) last.value = undefined
    }),
    effect(() => (wanted.value ? untracked(start) : undefined)),
  )
  return { sending, dispose }
}
