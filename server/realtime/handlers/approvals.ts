import { sessionShape } from '../../domain/sessions.ts'
import { refused, type Handler, type Outcome } from './context.ts'

const gone = (): Outcome => refused('not_found', 'No pairing waits under this id.')

/** A host lets a claim in by the number that its device shows. A wrong number ends the claim [PAIR-5]. */
export const approve: Handler<'approve'> = async ({ services, room }, { pairing: id, check }) => {
  const { hub, sessions, ice } = services
  const outcome = await hub.claims.decide(
    room.id,
    id,
    async ({ session }, isOverdue): Promise<Outcome | undefined> => {
      const decision = await sessions.approve(room.id, session, check)
      if (isOverdue() && decision.kind !== 'check_wrong') {
        // Whoever came back meanwhile was told that the claim has expired: so it has, for everybody.
        hub.end(room.id, session, 'revoked', await sessions.revoke(room.id, session))
        return undefined
      }
      // While it waits here, only an approval that had no answer of the store can have made it active.
      const record = decision.kind === 'gone' ? await sessions.find(room.id, session) : decision.record
      if (record?.status === 'active') {
        hub.approved(room.id, { id: session, record }, sessionShape(session, record), ice.for(session))
        hub.claims.done(room.id, id, 'paired', session, session)
        return { ok: true }
      }
      hub.end(room.id, session, 'denied', decision.kind === 'check_wrong' ? decision.seats : undefined)
      return decision.kind === 'check_wrong'
        ? refused('check_wrong', 'The number is not the one the device shows.')
        : gone()
    },
  )
  return outcome ?? gone()
}

export const deny: Handler<'deny'> = async ({ services, room }, { pairing: id }) => {
  const { hub, sessions } = services
  const outcome = await hub.claims.decide(room.id, id, async ({ session }): Promise<Outcome> => {
    hub.end(room.id, session, 'denied', await sessions.revoke(room.id, session))
    return { ok: true }
  })
  return outcome ?? gone()
}
