/** The page's words for its states; the same word everywhere for the same thing. */
import type { Device } from '../../server/protocol/models.ts'
import type { Stage, View } from './view.ts'

const STAGES: Readonly<Record<Stage, string>> = {
  pairing: 'Pairing',
  asking: 'Asking for the camera',
  connecting: 'Connecting',
  waiting: 'Waiting for a dashboard to open',
  paused: 'Paused',
  interrupted: 'Another app, or a call, uses the camera',
  covered: 'The dashboard switched the picture off',
  live: 'Live',
}

export const stageWords = (stage: Stage): string => STAGES[stage]

export const watchingWords = (count: number): string => `${count} watching`

/** "Chrome on macOS", as far as it is known. */
export const deviceWords = ({ browser, os }: Device): string =>
  browser && os ? `${browser} on ${os}` : browser || os || 'A dashboard'

/** The value of `data-state` on the page's root. */
export const stateName = (view: View): string => {
  if (view.name === 'camera') return view.trouble ? 'failed' : view.stage
  return view.name
}

/** What a screen reader hears when the state changes; failures and forms speak for themselves. */
export const announcement = (view: View): string => {
  switch (view.name) {
    case 'camera':
      return view.stage === 'live' ? `Live, ${watchingWords(view.watching)}` : stageWords(view.stage)
    case 'opening':
      return 'Looking up the code'
    case 'ready':
      return 'Ready to start the camera'
    case 'insecure':
      return 'Live video needs the secure page'
    case 'photos':
      return 'Ready to send photos'
    case 'check':
      // Digit by digit, as it is typed on the other side.
      return `The number for the dashboard is ${view.check.split('').join(' ')}`
    case 'stopped':
      return 'Camera stopped'
    case 'resume':
      return 'Your camera is paused'
    case 'code':
    case 'failed':
      return ''
    default:
      return view satisfies never
  }
}

/** The page's title says the state, for those who see only the tab. */
export const titleOf = (view: View, roomName: string): string => {
  const where = roomName === '' ? 'Pairlens' : roomName
  switch (view.name) {
    case 'camera':
      return `${view.trouble?.title ?? stageWords(view.stage)} · ${where}`
    case 'stopped':
      return `Stopped · ${where}`
    case 'resume':
      return `Camera paused · ${where}`
    case 'ready':
      return `Start camera · ${where}`
    case 'check':
      return `Waiting for approval · ${where}`
    case 'photos':
      return `Photos · ${where}`
    case 'insecure':
    case 'failed':
      return view.name === 'failed' ? view.failure.title : `Secure page needed · ${where}`
    case 'code':
      return 'Enter a code · Pairlens'
    case 'opening':
      return 'Pairlens camera'
    default:
      return view satisfies never
  }
}
