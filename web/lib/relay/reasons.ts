/** Why a picture takes the way through the server: the steps of the ladder from direct to relayed. */
import type { PeerStage } from '../peer.ts'

/**
 * `chosen`: direct video is switched off (`?transport=relay`, or from a dashboard); `unsupported`: a browser has no
 * WebRTC; `many`: more watch than a phone serves one by one; `answer`, `path`: as of peer.ts; `picture`: connected,
 * but nothing came; `broken`: it had a picture and lost it for good.
 */
const RELAY_REASONS = ['chosen', 'unsupported', 'many', 'answer', 'path', 'picture', 'broken'] as const
export type RelayReason = (typeof RELAY_REASONS)[number]

/** The way of a picture that does not come directly: through a TURN server, or relayed for this reason. */
export const VIAS = ['turn', ...RELAY_REASONS] as const
export type Via = (typeof VIAS)[number]

/** What a page or a camera decides by itself, whatever the network could. */
export const DECIDED = ['chosen', 'unsupported', 'many'] as const
export type Decided = Extract<RelayReason, (typeof DECIDED)[number]>

/** What ended an attempt to see a camera directly. `picture`: connected, but nothing comes. */
export type DirectFault = PeerStage | 'picture' | 'broken'

/** Why this page sends and receives through the server alone; undefined where direct video is tried. */
export const directOff = (
  search: string = location.search,
  supported: boolean = typeof RTCPeerConnection !== 'undefined',
): Exclude<Decided, 'many'> | undefined => {
  if (new URLSearchParams(search).get('transport') === 'relay') return 'chosen'
  return supported ? undefined : 'unsupported'
}

const WHY: Readonly<Record<Via, string>> = {
  turn: 'Your network blocks direct video',
  chosen: 'Direct video is switched off',
  unsupported: 'One of the browsers has no direct video',
  many: 'Many are watching',
  answer: 'The devices do not reach each other',
  path: 'Your network blocks direct video',
  picture: 'No picture came directly',
  broken: 'Direct video broke off',
}

/** In words, why the picture goes through a server; the end says nothing new where the way itself is said. */
export const viaWords = (via: Via): readonly [why: string, end: string] => [
  WHY[via],
  ', so it goes through the server.',
]
