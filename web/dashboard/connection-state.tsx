import { useEffect, useState } from 'preact/hooks'
import type { ClientState } from '../lib/client-types.ts'
import { Popover } from '../lib/ui/popover.tsx'
import { StateLine, type ShapeKind, type Tone } from '../lib/ui/state-line.tsx'
import type { RoomDesk } from './room-desk.ts'

interface Said {
  kind: ShapeKind
  tone: Tone
  /** Fits the header. */
  short: string
  /** Tells more, on a click. */
  long: string
}

function said(state: ClientState, store: RoomDesk['client']['store']['value'], seconds: number): Said {
  switch (state.status) {
    case 'live':
      switch (store?.state) {
        case 'shared':
          return {
            kind: 'full',
            tone: 'accent',
            short: 'synced',
            long: 'All servers share this room. It survives restarts, and devices may be on any of them.',
          }
        case 'degraded':
          return {
            kind: 'triangle',
            tone: 'caution',
            short: 'not synced: pairing works on this server only',
            long:
              `What is live goes on. ${store.reason ?? 'The server cannot reach the store it shares with others.'}` +
              ' It tries again by itself.',
          }
        default:
          return {
            kind: 'full',
            tone: 'accent',
            short: 'on this server only',
            long: 'This room lives in the memory of one server and ends when it restarts.',
          }
      }
    case 'reconnecting': {
      const when = seconds > 0 ? ` in ${seconds} s` : ''
      return state.unreachable
        ? {
            kind: 'triangle',
            tone: 'danger',
            short: `server unreachable, next try${when || ' now'}`,
            long: 'The server does not answer. Check that it runs and that this computer is online. Direct video plays on.',
          }
        : {
            kind: 'dashed',
            tone: 'caution',
            short: `reconnecting${when}`,
            long: 'The connection to the server broke and is made again. Direct video plays on.',
          }
    }
    case 'closed':
      return { kind: 'square', tone: 'muted', short: 'closed', long: 'This window is not in the room.' }
    default:
      return {
        kind: 'half',
        tone: 'muted',
        short: 'connecting',
        long: 'The connection to the server is being made.',
      }
  }
}

/** Seconds until the next try, counted down while there is one. */
function useSecondsLeft(state: ClientState): number {
  const [left, setLeft] = useState(0)
  const inMs = state.status === 'reconnecting' ? state.inMs : 0
  useEffect(() => {
    const ends = Date.now() + inMs
    const tell = () => setLeft(Math.max(0, Math.ceil((ends - Date.now()) / 1_000)))
    tell()
    if (inMs === 0) return
    const timer = setInterval(tell, 250)
    return () => clearInterval(timer)
  }, [state, inMs])
  return left
}

/** Connection and sync in words and shape; a click tells more. */
export function ConnectionState({ desk }: { desk: RoomDesk }) {
  const state = desk.client.state.value
  const { kind, tone, short, long } = said(state, desk.client.store.value, useSecondsLeft(state))
  return (
    <Popover
      class="bar-state"
      label="Connection"
      button={
        <StateLine kind={kind} tone={tone}>
          {short}
        </StateLine>
      }
    >
      {() => (
        <div class="popover-text">
          <p class="popover-title">{short}</p>
          <p class="muted">{long}</p>
        </div>
      )}
    </Popover>
  )
}
