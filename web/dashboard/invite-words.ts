import type { Approval, Role } from '../../server/protocol/models.ts'

export interface InviteWords {
  /** In the choice of whom to invite. */
  name: string
  /** Under the QR code. */
  caption: string
  /** Whom it lets in, and what they may do. */
  lets: string
}

/** What an invitation says of itself, for each role. */
export const INVITES: Record<Role, InviteWords> = {
  camera: {
    name: 'Camera',
    caption: 'Scan with a phone’s camera',
    lets: 'Shows its picture here. Sees nothing.',
  },
  viewer: { name: 'Viewer', caption: 'Scan, or open the link', lets: 'Sees every camera. Controls nothing.' },
  host: {
    name: 'Host',
    caption: 'Scan, or open the link on a computer',
    lets: 'Sees, controls and invites, as you do.',
  },
}

/** Whether those who come in have to be approved [PAIR-5]. */
export function approvalWords(role: Role, approval: Approval): string {
  if (role === 'host') return 'You approve it first.'
  return approval === 'always'
    ? 'You approve each one first.'
    : 'A scan or the link lets in at once; a typed code asks you first.'
}

/** "two minutes", as the life of a code; milliseconds. */
export function lifeWords(ms: number): string {
  const seconds = Math.round(ms / 1_000)
  if (seconds < 90) return `${seconds} seconds`
  const minutes = Math.round(seconds / 60)
  return minutes === 2 ? 'two minutes' : `${minutes} minutes`
}

/** Where a code is typed. The scheme stands there when a bare name would lead a browser to the wrong one. */
export function typedAt(url: string): string {
  const { host, port, origin, pathname } = new URL(url)
  return (port === '' ? host : origin) + (pathname === '/' ? '' : pathname)
}
