import { useEffect, useRef, useState } from 'preact/hooks'
import { Button } from '../lib/ui/button.tsx'
import { toast } from '../lib/ui/toast.tsx'
import { explain } from './failure.ts'
import type { Claim, RoomDesk } from './room-desk.ts'
import { deviceWords } from './words.ts'

/** Asks whether a device may join, and for the number that it alone shows [PAIR-5]. */
function ClaimCard({ claim, desk }: { claim: Claim; desk: RoomDesk }) {
  const field = useRef<HTMLInputElement>(null)
  const [check, setCheck] = useState('')
  const [busy, setBusy] = useState(false)
  const device = deviceWords(claim.device)

  useEffect(() => {
    // Politely: whoever types or answers something else is not interrupted.
    if (!document.activeElement?.closest('input, select, textarea, dialog')) field.current?.focus()
  }, [])

  const act = async (deed: () => Promise<void>) => {
    setBusy(true)
    try {
      await deed()
    } catch (error) {
      const failure = explain(error)
      toast(`${failure.title}. ${failure.advice}`)
      setBusy(false)
    }
  }
  const approve = () =>
    act(async () => {
      if (!(await desk.approve(claim.id, check)))
        toast('The number was wrong, so the device was turned away.')
    })
  return (
    <form
      class="claim"
      onSubmit={(event) => {
        event.preventDefault()
        if (check.length === 2 && !busy) void approve()
      }}
    >
      <div>
        <h2>{claim.name || device} wants to join</h2>
        <p class="muted">{claim.name && claim.name !== device ? `${device}. ` : ''}It shows a number.</p>
      </div>
      <div class="field">
        <label for={`check-${claim.id}`}>Number on the device</label>
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
      <div class="claim-answers">
        <Button look="primary" type="submit" disabled={busy || check.length !== 2}>
          Approve
        </Button>
        <Button disabled={busy} onClick={() => void act(() => desk.decline(claim.id))}>
          Decline
        </Button>
      </div>
    </form>
  )
}

/** Every claim that waits for this host's word, the oldest first. */
export function Claims({ desk }: { desk: RoomDesk }) {
  const claims = desk.claims.value
  return (
    <div class="claims" aria-live="polite">
      {claims.map((claim) => (
        <ClaimCard key={claim.id} claim={claim} desk={desk} />
      ))}
    </div>
  )
}
