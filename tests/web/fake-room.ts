/** A room of a camera and a watcher without a server between them. */
import { signal } from '@preact/signals'
import type { SessionId } from '../../server/protocol/ids.ts'
import type { LeaveReason, ServerMessage } from '../../server/protocol/messages.ts'
import type { Member, MemberState } from '../../server/protocol/models.ts'
import type { Client } from '../../web/lib/client.ts'
import { mergePatch } from '../../web/lib/merge-patch.ts'
import { at, member, sessionId } from './fakes.ts'

export const CAMERA = sessionId('cam')
export const DESK = sessionId('desk')

type Listener = (message: ServerMessage) => void

/** A room of two whose messages arrive at once; `cut` takes the server away from both. */
export const createRoom = () => {
  const members = signal<ReadonlyMap<SessionId, Member>>(
    new Map([
      [CAMERA, member('cam')],
      [DESK, member('desk', 'host')],
    ]),
  )
  const active = signal(true)
  /** What each said of whose relayed picture it wants, in order. */
  const watched: { readonly by: SessionId; readonly camera: SessionId; readonly on: boolean }[] = []
  const pictureListeners = new Set<(bytes: Uint8Array) => void>()
  const listeners = new Map<SessionId, Map<string, Set<Listener>>>()
  const emit = (to: SessionId, message: ServerMessage) => {
    for (const listener of listeners.get(to)?.get(message.type) ?? []) listener(message)
  }
  const change = (id: SessionId, next: Partial<Member>) => {
    const old = members.peek().get(id)
    if (old) members.value = new Map(members.peek()).set(id, { ...old, ...next })
  }
  const clientOf = (id: SessionId): Client =>
    ({
      members,
      active,
      iceServers: signal([]),
      on(type: string, listener: Listener) {
        const mine = listeners.get(id) ?? new Map<string, Set<Listener>>()
        listeners.set(id, mine.set(type, (mine.get(type) ?? new Set()).add(listener)))
        return () => void mine.get(type)?.delete(listener)
      },
      signal(to: SessionId, data: unknown) {
        const copy: unknown = structuredClone(data)
        queueMicrotask(() => emit(to, { type: 'signal', at: at('a'), from: id, data: copy }))
        return Promise.resolve(true)
      },
      watch(camera: SessionId, on: boolean) {
        watched.push({ by: id, camera, on })
        return Promise.resolve({ at: at('a') })
      },
      keyFrame: () => Promise.resolve({ at: at('a') }),
      onBinary(listener: (bytes: Uint8Array) => void) {
        pictureListeners.add(listener)
        return () => void pictureListeners.delete(listener)
      },
      serverNow: () => Date.now(),
      askClock() {},
      setState(patch: MemberState) {
        change(id, { state: mergePatch(members.peek().get(id)?.state ?? {}, patch) })
      },
    }) as unknown as Client
  const leave = (id: SessionId, reason: LeaveReason) => {
    for (const other of [CAMERA, DESK])
      emit(other, { type: 'member-left', at: at('a'), memberId: id, reason })
    const rest = new Map(members.peek())
    rest.delete(id)
    members.value = rest
  }
  return {
    members,
    active,
    change,
    clientOf,
    emit,
    watched,
    leave,
    join: (who: Member) => {
      members.value = new Map(members.peek()).set(who.id, who)
    },
  }
}

export const track = (name: string) => ({ id: name, getSettings: () => ({}) }) as MediaStreamTrack
export const say = (room: ReturnType<typeof createRoom>, status: string, source?: string) =>
  room.clientOf(CAMERA).setState({ camera: { status, source: source ?? null } })
