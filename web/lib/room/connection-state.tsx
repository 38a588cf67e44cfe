import type { ClientState } from '../client-types.ts'
import { Popover } from '../ui/popover.tsx'
import { StateLine, type ShapeKind, type Tone } from '../ui/state-line.tsx'
import { useNextTry } from './next-try.ts'
import type { Watch } from './watch.ts'

interface Said {
  kind: ShapeKind
  tone: Tone
  /** Fits the header. */
  short: string
  /** Tells more, on a click. */
  long: string
}

function said(state: ClientState, store: Watch['client']['store']['value'], seconds: number): Said {
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
              `What is live goes on. ${sentence(store.reason ?? 'the server cannot reach the store it shares with others')}` +
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

/** A reason as it stands in the server's log, as a sentence of its own. */
const sentence = (reason: string): string =>
  `${reason.charAt(0).toUpperCase()}${reason.slice(1)}${/[.!?]$/.test(reason) ? '' : '.'}`

/** Connection and sync in words and shape; a click tells more. */
export function ConnectionState({ watch }: { watch: Watch }) {
  const state = watch.client.state.value
  const { kind, tone, short, long } = said(state, watch.client.store.value, useNextTry(state))
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
