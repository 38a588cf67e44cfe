import { signal, type ReadonlySignal } from '@preact/signals'
import type { CodeId } from '../../server/protocol/ids.ts'
import type { PairingOutcome, WaitingClaim } from '../../server/protocol/messages.ts'
import type { Client } from '../lib/client-types.ts'
import { disposers, type Disposer } from '../lib/disposer.ts'
import { RequestError } from '../lib/outbox.ts'

/** A claim that waits for a host's word. */
export type Claim = WaitingClaim

/** How the last claim ended, where its end needs a word. */
export interface ClaimEnd {
  /** `elsewhere`: another host answered it. */
  kind: 'check_wrong' | 'expired' | 'elsewhere'
  name: string
}

export interface Claims {
  /** The oldest first. */
  readonly waiting: ReadonlySignal<readonly Claim[]>
  readonly end: ReadonlySignal<ClaimEnd | undefined>
  /** Lets the device in; a wrong number turns it away. Rejects where the server could not be asked. */
  approve: (claim: Claim, check: string) => Promise<void>
  decline: (claim: Claim) => Promise<void>
  /** A claim that this page makes and answers by itself: nobody is asked about it. */
  answeredHere: (code: CodeId) => void
  /** The last end was read. */
  understood: () => void
  dispose: Disposer
}

/** Keeps the claims of the room that wait for a host's word [PAIR-5]. */
export function keepClaims(client: Client): Claims {
  const waiting = signal<readonly Claim[]>([])
  const end = signal<ClaimEnd>()
  /** Answered from here: their end is no news. */
  const answered = new Set<CodeId>()
  const own = new Set<CodeId>()

  const find = (id: CodeId) => waiting.value.find((claim) => claim.id === id)
  const settle = (id: CodeId) => {
    waiting.value = waiting.value.filter((claim) => claim.id !== id)
  }
  const ended = (id: CodeId, outcome: PairingOutcome) => {
    const claim = find(id)
    // A used code that somebody tries again says nothing about the claim that used it.
    if (!claim || outcome === 'reused') return
    settle(id)
    if (!answered.has(id))
      end.value = { kind: outcome === 'expired' ? 'expired' : 'elsewhere', name: claim.name }
  }
  const answer = async (claim: Claim, deed: () => Promise<unknown>) => {
    answered.add(claim.id)
    end.value = undefined
    try {
      await deed()
      settle(claim.id)
    } catch (error) {
      if (error instanceof RequestError && error.code === 'check_wrong') {
        settle(claim.id)
        end.value = { kind: 'check_wrong', name: claim.name }
        return
      }
      if (error instanceof RequestError && error.code === 'not_found') {
        settle(claim.id)
        end.value = { kind: 'elsewhere', name: claim.name }
        return
      }
      answered.delete(claim.id)
      throw error
    }
  }

  return {
    waiting,
    end,
    approve: (claim, check) => answer(claim, () => client.approve(claim.id, check)),
    decline: (claim) => answer(claim, () => client.deny(claim.id)),
    answeredHere: (code) => void own.add(code),
    understood: () => {
      end.value = undefined
    },
    dispose: disposers(
      client.on('welcome', ({ resumed }) => {
        // What still waits is told again right behind a welcome that does not resume; what is over is not.
        if (!resumed) waiting.value = []
      }),
      client.on('pairing-pending', ({ pairing }) => {
        if (own.has(pairing.id)) return
        waiting.value = [...waiting.value.filter(({ id }) => id !== pairing.id), pairing]
      }),
      client.on('pairing-done', ({ pairing, outcome }) => ended(pairing, outcome)),
    ),
  }
}
