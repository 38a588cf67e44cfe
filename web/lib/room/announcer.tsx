import { useSignal, useSignalEffect, type ReadonlySignal } from '@preact/signals'
import { useRef } from 'preact/hooks'
import type { SessionId } from '../../../server/protocol/ids.ts'
import type { Member } from '../../../server/protocol/models.ts'
import type { Watch } from './watch.ts'
import { deviceWords } from './words.ts'

const nameOf = ({ name, device }: Member) => name || deviceWords(device)

/** Tells the window's title what is live, and those who listen to the page who came and went. */
export function Announcer({
  watch,
  waiting,
}: {
  watch: Watch
  /** What waits for an answer of this window's person. */
  waiting?: ReadonlySignal<readonly unknown[]>
}) {
  const said = useSignal('')
  const before = useRef<ReadonlyMap<SessionId, Member>>(new Map())

  useSignalEffect(() => {
    const feeds = [...watch.cameras.feeds.value.values()]
    const live = feeds.filter((feed) => feed.state.value.status === 'live').length
    const lost = watch.client.state.value.status === 'reconnecting'
    const waits = waiting?.value.length ?? 0
    const parts = [
      waits > 0 ? `${waits} to approve` : undefined,
      lost ? 'Reconnecting' : undefined,
      live > 0 ? `${live} live` : undefined,
      watch.roomName.value,
      'Pairlens',
    ]
    document.title = parts.filter(Boolean).join(' · ')
  })
  useSignalEffect(() => {
    const members = watch.client.members.value
    const known = before.current
    before.current = members
    // The first list is who was here already: nobody has just come.
    if (known.size === 0) return
    const came = [...members.values()]
      .filter(({ id }) => !known.has(id))
      .map((member) => `${nameOf(member)} joined`)
    const went = [...known.values()]
      .filter(({ id }) => !members.has(id))
      .map((member) => `${nameOf(member)} left`)
    if (came.length + went.length > 0) said.value = [...came, ...went].join(', ')
  })
  return (
    <p class="visually-hidden" role="status" aria-live="polite">
      {said}
    </p>
  )
}
