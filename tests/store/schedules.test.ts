import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { IssuedCode } from '../../server/domain/pairing.ts'
import type { NewSession, Room } from '../../server/protocol/models.ts'
import { createDomain, createRoom, LAPTOP, refusalOf, roomy, scanned, somebody } from '../domain/support.ts'
import { createShared, outcomeOf, restored } from './support.ts'

const WEATHER = ['fine', 'fine', 'cut', 'answerless'] as const

/** One thing that happens on one of the two instances; `which` picks among what there is. */
const action = fc.record({
  at: fc.constantFrom(0 as const, 1 as const),
  what: fc.constantFrom(
    ...([
      'weather',
      'weather',
      'create',
      'issue',
      'claim',
      'claim',
      'revoke',
      'rename',
      'delete',
      'read',
      'wait',
    ] as const),
  ),
  which: fc.nat(50),
})

/** What is certain to have happened, as far as anybody was told. */
interface Told {
  readonly rooms: Map<Room['id'], Room>
  readonly sessions: Map<NewSession['id'], { session: NewSession; room: Room }>
  readonly codes: IssuedCode[]
  readonly used: Set<IssuedCode>
  readonly revoked: { session: NewSession; room: Room }[]
  readonly deleted: Room[]
  /** What may have been done or not. */
  readonly doubtful: Set<string>
}

const pick = <T>(among: Iterable<T>, which: number): T | undefined => {
  const all = [...among]
  return all[which % Math.max(1, all.length)]
}

test('[STORE-4] over any outages of two instances nothing is lost, and nothing used up, revoked or deleted is back', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 40 }), async (actions) => {
      const shared = createShared()
      const instances = [shared.instance(), shared.instance()] as const
      const domains = [
        createDomain({ clock: shared.clock, store: instances[0].store }),
        createDomain({ clock: shared.clock, store: instances[1].store }),
      ] as const
      const told: Told = {
        rooms: new Map(),
        sessions: new Map(),
        codes: [],
        used: new Set(),
        revoked: [],
        deleted: [],
        doubtful: new Set(),
      }
      const done = async <T>(work: Promise<T>): Promise<T | undefined> => {
        const outcome = await outcomeOf(
          work.catch((error: unknown) => {
            if (error instanceof Error && error.name === 'StoreUnavailable') throw error
            return undefined
          }),
        )
        return outcome === 'unavailable' ? undefined : (outcome as T)
      }

      for (const { at, what, which } of actions) {
        const domain = domains[at]
        const seat = pick(told.sessions.values(), which)
        const room = pick(told.rooms.values(), which)
        switch (what) {
          case 'weather':
            instances[at].link.weather = WEATHER[which % WEATHER.length] ?? 'fine'
            break
          case 'wait':
            await shared.pass(which * 100)
            break
          case 'create': {
            const made = await done(createRoom(domain))
            if (made === undefined) break
            told.rooms.set(made.room.id, made.room)
            told.sessions.set(made.host.id, { session: made.host, room: made.room })
            break
          }
          case 'issue': {
            const code = room && (await done(domain.pairing.issue(room.id, 'camera', LAPTOP)))
            if (code !== undefined) told.codes.push(code)
            break
          }
          case 'claim': {
            const code = pick(told.codes, which)
            if (code === undefined) break
            const claimed = await done(domain.pairing.claim(scanned(code), somebody, roomy))
            if (claimed === undefined) break
            told.used.add(code)
            told.sessions.set(claimed.session.id, { session: claimed.session, room: claimed.room })
            break
          }
          case 'revoke': {
            if (seat === undefined) break
            const { session, room: of } = seat
            const rows = await outcomeOf(domain.sessions.revoke(of.id, session.id))
            told.sessions.delete(session.id)
            if (rows !== 'unavailable') told.revoked.push(seat)
            break
          }
          case 'rename':
            if (room !== undefined) await done(domain.rooms.update(room.id, { name: `name ${which}` }))
            break
          case 'delete': {
            // A host proves its session first, and so the room is known.
            if (room === undefined || (await done(domain.rooms.find(room.id))) === undefined) break
            told.doubtful.add(room.id)
            if ((await outcomeOf(domain.rooms.delete(room.id))) !== 'unavailable') told.deleted.push(room)
            told.rooms.delete(room.id)
            break
          }
          case 'read':
            if (seat !== undefined) await done(domain.sessions.authenticate(seat.session.token))
            if (room !== undefined) await done(domain.rooms.find(room.id))
            break
        }
        await shared.settle()
      }

      await restored(shared, ...instances)
      for (const { store } of instances) expect(store.health.state).toBe('shared')
      for (const domain of domains) {
        for (const { session } of told.revoked)
          expect(await domain.sessions.authenticate(session.token)).toBeUndefined()
        for (const { id } of told.deleted) expect(await domain.rooms.look(id)).toBe('deleted')
        for (const code of told.used)
          expect(['pairing_code_used', 'pairing_code_invalid']).toContain(
            await refusalOf(domain.pairing.claim(scanned(code), somebody, roomy)),
          )
        for (const { id } of told.rooms.values()) expect(await domain.rooms.find(id)).toBeDefined()
        for (const { session, room } of told.sessions.values()) {
          if (!told.doubtful.has(room.id))
            expect(await domain.sessions.authenticate(session.token), session.role).toBeDefined()
        }
      }
      for (const { id } of told.rooms.values()) {
        expect(await domains[0].rooms.read(id)).toEqual(await domains[1].rooms.read(id))
        expect(await domains[0].sessions.list(id)).toEqual(await domains[1].sessions.list(id))
      }
      for (const { store } of instances) await store.close()
    }),
    { numRuns: 150 },
  )
}, 60_000)
