import { useSignal, useSignalEffect } from '@preact/signals'
import { useRef } from 'preact/hooks'
import type { SessionId } from '../../server/protocol/ids.ts'
import type { Member } from '../../server/protocol/models.ts'
import type { RoomDesk } from './room-desk.ts'
import { deviceWords } from './words.ts'

const nameOf = ({ name, device }: Member) => name || deviceWords(device)

/** Tells the window's title what is live, and those who listen to the page who came and went. */
export function Announcer({ desk }: { desk: RoomDesk }) {
  const said = useSignal('')
  const before = useRef<ReadonlyMap<SessionId, Member>>(new Map())

  useSignalEffect(() => {
    const feeds = [...desk.cameras.feeds.value.values()]
    const live = feeds.filter((feed) => feed.state.value.status === 'live').length
    const lost = desk.client.state.value.status === 'reconnecting'
    const parts = [
      lost ? 'Reconnecting' : undefined,
      live > 0 ? `${live} live` : undefined,
      desk.roomName.value,
      'Pairlens',
    ]
    document.title = parts.filter(Boolean).join(' · ')
  })
  useSignalEffect(() => {
    const members = desk.client.members.value
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
