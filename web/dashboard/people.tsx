import { ChevronDown, Eye, Monitor, Smartphone } from 'lucide-preact'
import type { Member } from '../../server/protocol/models.ts'
import { Popover } from '../lib/ui/popover.tsx'
import { StateLine } from '../lib/ui/state-line.tsx'
import type { RoomDesk } from './room-desk.ts'
import { deviceWords } from './words.ts'

const ICONS = { host: Monitor, viewer: Eye, camera: Smartphone }
const ROLES = { host: 'Host', viewer: 'Viewer', camera: 'Camera' }
const ORDER = { host: 0, camera: 1, viewer: 2 }

function Person({ member, own }: { member: Member; own: boolean }) {
  const Icon = ICONS[member.role]
  const device = deviceWords(member.device)
  const facts = [
    own ? 'This window' : undefined,
    ROLES[member.role],
    device === member.name ? undefined : device,
  ]
  return (
    <li class="person">
      <Icon size={20} aria-hidden="true" />
      <span class="person-name">{member.name || device}</span>
      <span class="person-facts">{facts.filter(Boolean).join(' · ')}</span>
      {member.connected ? (
        <StateLine kind="full" tone="accent">
          here
        </StateLine>
      ) : (
        <StateLine kind="dashed" tone="caution">
          away
        </StateLine>
      )}
    </li>
  )
}

/** How many are in the room, and on a click who. */
export function People({ desk }: { desk: RoomDesk }) {
  const members = [...desk.client.members.value.values()].sort(
    (a, b) => ORDER[a.role] - ORDER[b.role] || a.joinedAt.localeCompare(b.joinedAt),
  )
  if (members.length === 0) return null
  return (
    <Popover
      label="Who is here"
      button={
        <>
          {members.length} here <ChevronDown size={16} aria-hidden="true" />
        </>
      }
    >
      {() => (
        <ul class="people">
          {members.map((member) => (
            <Person key={member.id} member={member} own={member.id === desk.client.self.value?.id} />
          ))}
        </ul>
      )}
    </Popover>
  )
}
