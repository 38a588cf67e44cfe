import { useEffect, useState } from 'preact/hooks'
import type { Role, Session } from '../../server/protocol/models.ts'
import { explain, type Failure } from '../lib/room/explain.ts'
import { RoleIcon, ROLES } from '../lib/room/people.tsx'
import { Button } from '../lib/ui/button.tsx'
import { Notice } from '../lib/ui/notice.tsx'
import { StateLine } from '../lib/ui/state-line.tsx'
import type { RoomDesk } from './room-desk.ts'

const ORDER: Record<Role, number> = { host: 0, camera: 1, viewer: 2 }
const day = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short' })

interface RowProps {
  session: Session
  own: boolean
  /** Undefined for a session that is not in the room. */
  connected: boolean | undefined
  remove: () => Promise<void>
}

function Row({ session, own, connected, remove }: RowProps) {
  const [asking, setAsking] = useState(false)
  const [busy, setBusy] = useState(false)
  const name = session.name || ROLES[session.role]
  const pending = session.status === 'pending'
  const facts = [
    own ? 'This window' : undefined,
    ROLES[session.role],
    connected === undefined && !pending
      ? `may come back until ${day.format(new Date(session.expiresAt))}`
      : undefined,
  ]
  const press = async () => {
    if (!asking) {
      setAsking(true)
      return
    }
    setBusy(true)
    await remove()
    setBusy(false)
    setAsking(false)
  }
  return (
    <li class="person" data-session={session.id}>
      <RoleIcon role={session.role} />
      <span class="person-words">
        <span class="person-name">{name}</span>
        <span class="person-facts">{facts.filter(Boolean).join(' · ')}</span>
      </span>
      {pending && <StateLine kind="half">waits</StateLine>}
      {!pending && connected === undefined && <StateLine kind="empty">not here</StateLine>}
      {connected === true && (
        <StateLine kind="full" tone="accent">
          here
        </StateLine>
      )}
      {connected === false && (
        <StateLine kind="dashed" tone="caution">
          away
        </StateLine>
      )}
      {!own && (
        <Button
          look={asking ? 'danger' : 'quiet'}
          aria-label={asking ? `Remove ${name} now` : `Remove ${name}`}
          disabled={busy}
          onClick={() => void press()}
          onBlur={() => setAsking(false)}
        >
          {asking ? 'Sure?' : 'Remove'}
        </Button>
      )}
    </li>
  )
}

/** Every device that may enter the room, whether it is here or not; each can be sent away for good. */
export function Sessions({ desk }: { desk: RoomDesk }) {
  const [sessions, setSessions] = useState<readonly Session[]>()
  const [failure, setFailure] = useState<Failure>()
  const [round, setRound] = useState(0)
  const members = desk.client.members.value
  const own = desk.client.self.value?.id
  const waiting = desk.claims.waiting.value
  // Who is here changes the list as well; a member's state does not.
  const here = [...members.keys()].join(' ')

  useEffect(() => {
    let current = true
    desk.sessions().then(
      (list) => {
        if (!current) return
        setSessions(list)
        setFailure(undefined)
      },
      (error: unknown) => {
        if (current) setFailure(explain(error))
      },
    )
    return () => {
      current = false
    }
  }, [desk, here, waiting, round])

  const remove = async (id: Session['id']) => {
    try {
      await desk.remove(id)
      setSessions((list) => list?.filter((session) => session.id !== id))
    } catch (error) {
      setFailure(explain(error))
    }
  }
  const sorted = [...(sessions ?? [])].sort(
    (a, b) =>
      Number(members.has(b.id)) - Number(members.has(a.id)) ||
      ORDER[a.role] - ORDER[b.role] ||
      a.name.localeCompare(b.name),
  )
  return (
    <>
      {failure && (
        <Notice title={failure.title} mend={{ label: 'Try again', run: () => setRound(round + 1) }}>
          {failure.advice}
        </Notice>
      )}
      <ul class="people sessions" aria-busy={sessions === undefined && !failure}>
        {sorted.map((session) => (
          <Row
            key={session.id}
            session={session}
            own={session.id === own}
            connected={members.get(session.id)?.connected}
            remove={() => remove(session.id)}
          />
        ))}
      </ul>
    </>
  )
}
