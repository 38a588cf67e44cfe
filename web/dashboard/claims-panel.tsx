import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { Role } from '../../server/protocol/models.ts'
import { explain, type Failure } from '../lib/room/explain.ts'
import { RoleIcon } from '../lib/room/people.tsx'
import { deviceWords } from '../lib/room/words.ts'
import { Button } from '../lib/ui/button.tsx'
import { Notice } from '../lib/ui/notice.tsx'
import type { Claim, ClaimEnd } from './claims.ts'
import type { RoomDesk } from './room-desk.ts'

const WANTS: Record<Role, string> = {
  camera: 'wants to be a camera',
  viewer: 'wants to watch',
  host: 'wants to be a host',
}
const GETS: Record<Role, string> = {
  camera: 'It shows its picture and sees nothing.',
  viewer: 'It would see every camera.',
  host: 'It would see every camera, control the room and invite others.',
}

/** How it came [PAIR-5]. */
const WAYS: Readonly<Record<Claim['presented'], string>> = {
  scanned: 'It scanned the code or opened its link.',
  typed: 'It typed the code.',
}

const TYPING = 'textarea, select, input:not([type=radio]):not([type=checkbox])'

/** Whether somebody types, or answers something else: then a claim that comes in leaves the focus alone. */
function isBusy(form: HTMLElement): boolean {
  const active = document.activeElement
  if (active?.closest(TYPING)) return true
  const floating = active?.closest('dialog, .popover')
  return floating !== null && floating !== undefined && floating !== form.closest('dialog')
}

interface CardProps {
  claim: Claim
  desk: RoomDesk
  /** How many wait behind it. */
  more: number
}

/** Asks whether a device may join, and for the number that it alone shows [PAIR-5]. */
function ClaimCard({ claim, desk, more }: CardProps) {
  const form = useRef<HTMLFormElement>(null)
  const field = useRef<HTMLInputElement>(null)
  const hadFocus = useRef(false)
  const [check, setCheck] = useState('')
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState<Failure>()
  const device = deviceWords(claim.device)
  const name = claim.name || device

  useEffect(() => {
    if (form.current && !isBusy(form.current)) field.current?.focus()
  }, [])
  useLayoutEffect(() => {
    const element = form.current
    const place = element?.closest('dialog')?.querySelector('button') ?? element?.closest('main')
    return () => {
      // Whoever answered by keyboard goes on from here, not from the top of the page.
      if (hadFocus.current || element?.contains(document.activeElement)) place?.focus()
    }
  }, [])

  const act = async (deed: () => Promise<void>) => {
    hadFocus.current = form.current?.contains(document.activeElement) ?? false
    setBusy(true)
    setFailure(undefined)
    try {
      await deed()
    } catch (error) {
      hadFocus.current = false
      setFailure(explain(error))
      setBusy(false)
    }
  }
  return (
    <form
      class="claim"
      ref={form}
      aria-label={`${name} ${WANTS[claim.role]}`}
      data-claim={claim.id}
      onSubmit={(event) => {
        event.preventDefault()
        if (check.length === 2 && !busy) void act(() => desk.claims.approve(claim, check))
      }}
    >
      <div class="claim-head">
        <RoleIcon role={claim.role} />
        <div>
          <h2>
            {name} {WANTS[claim.role]}
          </h2>
          <p class="muted">
            {device !== name && `${device}. `}
            {WAYS[claim.presented]} {GETS[claim.role]}
          </p>
        </div>
      </div>
      <div class="field">
        <label for={`check-${claim.id}`}>Number that the device shows</label>
        <input
          class="input claim-check"
          id={`check-${claim.id}`}
          ref={field}
          inputMode="numeric"
          autocomplete="off"
          pattern="[0-9]{2}"
          maxLength={2}
          value={check}
          onInput={(event) => setCheck(event.currentTarget.value.replace(/\D/g, ''))}
        />
      </div>
      {failure && <Notice title={failure.title}>{failure.advice}</Notice>}
      <div class="claim-answers">
        <Button look="primary" type="submit" disabled={busy || check.length !== 2}>
          Approve
        </Button>
        <Button disabled={busy} onClick={() => void act(() => desk.claims.decline(claim))}>
          Decline
        </Button>
        {more > 0 && <span class="muted small">{more === 1 ? '1 more waits' : `${more} more wait`}</span>}
      </div>
    </form>
  )
}

function endWords({ kind, name }: ClaimEnd): { title: string; text: string } {
  const who = name || 'The device'
  switch (kind) {
    case 'check_wrong':
      return { title: 'Wrong number', text: `${who} was turned away. It can try again with a new code.` }
    case 'expired':
      return {
        title: 'Out of time',
        text: `${who} was not approved while its code lived. It needs a new one.`,
      }
    case 'elsewhere':
      return {
        title: 'Already answered',
        text: `${who} no longer waits: another host answered, or it gave up.`,
      }
  }
}

/** The claims that wait for this host's word, one at a time, and how the last one ended where that is news. */
export function ClaimsPanel({ desk }: { desk: RoomDesk }) {
  const [first, ...rest] = desk.claims.waiting.value
  const end = desk.claims.end.value
  const words = end && endWords(end)
  return (
    <div class="claims" aria-live="polite" data-over={first ? '' : undefined}>
      {words && (
        <div class="claim-end">
          <Notice title={words.title} tone="caution" other={{ label: 'OK', run: desk.claims.understood }}>
            {words.text}
          </Notice>
        </div>
      )}
      {first && <ClaimCard key={first.id} claim={first} desk={desk} more={rest.length} />}
    </div>
  )
}
