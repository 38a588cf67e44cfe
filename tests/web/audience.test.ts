import { signal } from '@preact/signals'
import { describe, expect, it } from 'vitest'
import type { SessionId } from '../../server/protocol/ids.ts'
import type { Member } from '../../server/protocol/models.ts'
import type { WatchState } from '../../web/lib/camera-state.ts'
import type { Peer, PeerState } from '../../web/lib/peer.ts'
import type { Via } from '../../web/lib/relay/reasons.ts'
import { followAudience } from '../../web/phone/audience.ts'
import { member, sessionId } from './fakes.ts'

const CAMERA = sessionId('cam')
const DESK = sessionId('desk')

const setUp = () => {
  const active = signal(true)
  const relaying = signal(false)
  const members = signal<ReadonlyMap<SessionId, Member>>(new Map())
  const state = signal<PeerState>({ status: 'connecting' })
  const peers = signal<ReadonlyMap<SessionId, Peer>>(new Map())
  const connect = (pc: string) => {
    peers.value = new Map([[DESK, { pc, state } as unknown as Peer]])
  }
  const tell = (watch: WatchState | undefined, connected = true, via?: Via) => {
    const watching = watch === undefined ? {} : { [CAMERA]: watch }
    members.value = new Map([
      [CAMERA, member('cam')],
      [
        DESK,
        member('desk', 'host', {
          connected,
          state: { watching, via: via === undefined ? {} : { [CAMERA]: via } },
        }),
      ],
    ])
  }
  const audience = followAudience({ active, members }, CAMERA, signal({ peers }), relaying)
  return { active, relaying, state, connect, tell, members, audience, count: () => audience.watching.value }
}

describe('LIVE on the phone', () => {
  it('is said when a watcher has a picture, not when it is merely connected', () => {
    const { connect, state, tell, count } = setUp()
    tell('connecting')
    connect('p1')
    state.value = { status: 'connected' }
    expect(count()).toBe(0)
    tell('live')
    expect(count()).toBe(1)
    tell('reconnecting')
    expect(count()).toBe(0)
  })

  it('does not trust what was told of a connection before the reload', () => {
    const { connect, state, tell, count } = setUp()
    tell('live')
    expect(count()).toBe(0)
    connect('p2')
    expect(count()).toBe(0)
    tell('connecting')
    state.value = { status: 'connected' }
    expect(count()).toBe(0)
  })

  it('holds while the server is away or has forgotten, as long as the connection does', () => {
    const { active, connect, state, tell, members, count } = setUp()
    tell('live')
    connect('p1')
    state.value = { status: 'connected' }
    expect(count()).toBe(1)
    active.value = false
    expect(count()).toBe(1)
    active.value = true
    tell(undefined)
    expect(count()).toBe(1)
    tell('live', false)
    expect(count()).toBe(1)
    members.value = new Map()
    expect(count()).toBe(1)
    state.value = { status: 'reconnecting' }
    expect(count()).toBe(0)
  })

  it('tells a dashboard that gets nothing from none at all', () => {
    const { tell, audience } = setUp()
    expect([audience.watchers.value, audience.blocked.value]).toEqual([0, false])
    tell('connecting')
    expect([audience.watchers.value, audience.blocked.value]).toEqual([1, false])
    tell('failed')
    expect([audience.watchers.value, audience.blocked.value]).toEqual([1, true])
    tell('failed', false)
    expect([audience.watchers.value, audience.blocked.value]).toEqual([0, false])
  })

  it('counts those who see it through the server, while pictures leave for it, and says why', () => {
    const { relaying, active, tell, audience, count } = setUp()
    tell('live', true, 'path')
    expect(count()).toBe(0)
    relaying.value = true
    expect([count(), audience.via.value]).toEqual([1, 'path'])
    tell('connecting', true, 'path')
    expect([count(), audience.via.value]).toEqual([0, undefined])
    tell('live', true, 'path')
    active.value = false
    expect(count()).toBe(0)
  })

  it('counts a watcher once that is seen directly and still through the server', () => {
    const { relaying, connect, state, tell, audience, count } = setUp()
    relaying.value = true
    connect('p1')
    state.value = { status: 'connected' }
    tell('live', true, 'broken')
    expect(count()).toBe(1)
    tell('live', true, 'turn')
    expect([count(), audience.via.value]).toEqual([1, 'turn'])
  })
})
