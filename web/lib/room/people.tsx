import { ChevronDown, Eye, Monitor, Smartphone, X } from 'lucide-preact'
import type { Member, Role } from '../../../server/protocol/models.ts'
import { IconButton } from '../ui/button.tsx'
import { Popover } from '../ui/popover.tsx'
import { StateLine } from '../ui/state-line.tsx'
import type { Watch } from './watch.ts'
import { watchingWords } from './watchers.ts'
import { deviceWords } from './words.ts'

const ICONS: Record<Role, typeof Monitor> = { host: Monitor, viewer: Eye, camera: Smartphone }
const ORDER: Record<Role, number> = { host: 0, camera: 1, viewer: 2 }

/** Before the name of a device: what it is in the room, as a picture. */
export function RoleIcon({ role }: { role: Role }) {
  const Icon = ICONS[role]
  return <Icon size={20} aria-hidden="true" />
}

export const ROLES: Record<Role, string> = { host: 'Host', viewer: 'Viewer', camera: 'Camera' }

interface PersonProps {
  member: Member
  own: boolean
  watching: string | undefined
  onRemove: (() => void) | undefined
}

function Person({ member, own, watching, onRemove }: PersonProps) {
  const device = deviceWords(member.device)
  const name = member.name || device
  const facts = [own ? 'This window' : undefined, ROLES[member.role], device === name ? undefined : device]
  return (
    <li class="person">
      <RoleIcon role={member.role} />
      <span class="person-words">
        <span class="person-name">{name}</span>
        <span class="person-facts">{facts.filter(Boolean).join(' · ')}</span>
        {watching && <span class="person-facts">{watching}</span>}
      </span>
      {member.connected ? (
        <StateLine kind="full" tone="accent">
          here
        </StateLine>
      ) : (
        <StateLine kind="dashed" tone="caution">
          away
        </StateLine>
      )}
      {onRemove && (
        <IconButton label={`Remove ${name}`} onClick={onRemove}>
          <X size={16} aria-hidden="true" />
        </IconButton>
      )}
    </li>
  )
}

/** How many are in the room, and on a click who, and who sees whom. Hosts may remove the others. */
export function People({ watch, onRemove }: { watch: Watch; onRemove?: (member: Member) => void }) {
  const members = watch.client.members.value
  const own = watch.client.self.value?.id
  const sorted = [...members.values()].sort(
    (a, b) => ORDER[a.role] - ORDER[b.role] || a.joinedAt.localeCompare(b.joinedAt),
  )
  if (sorted.length === 0) return null
  return (
    <Popover
      label="Who is here"
      button={
        <>
          {sorted.length} here <ChevronDown size={16} aria-hidden="true" />
        </>
      }
    >
      {(close) => (
        <ul class="people">
          {sorted.map((member) => (
            <Person
              key={member.id}
              member={member}
              own={member.id === own}
              watching={watchingWords(member, members, own)}
              onRemove={
                onRemove && member.id !== own
                  ? () => {
                      close()
                      onRemove(member)
                    }
                  : undefined
              }
            />
          ))}
        </ul>
      )}
    </Popover>
  )
}
