/** A link with a viewer's session of its own, for OBS or a screen on a wall (docs/decisions/0010). */
import type { Session } from '../../server/protocol/models.ts'
import type { Api } from '../lib/api.ts'
import type { Client } from '../lib/client-types.ts'
import { randomText } from '../lib/random.ts'
import type { Claims } from './claims.ts'

export interface WallLink {
  readonly session: Session
  /** Stands in the fragment of the address alone. */
  readonly token: string
  /** Origin of this server for other devices; the page's own where there is no other. */
  readonly elsewhere: string
}

interface Needs {
  readonly api: Pick<Api, 'issueCode' | 'claim'>
  /** The host's. */
  readonly token: string
  readonly client: Pick<Client, 'approve'>
  readonly claims: Pick<Claims, 'answeredHere'>
  /** Which of the machine's addresses other devices use, where the host chose one. */
  readonly address: string | undefined
}

/**
 * Issues a viewer's code and claims it here, so that the place which opens the link needs no code, today or after a
 * restart. Where the room approves everybody, the host's own wish is the approval.
 * @param name as which it stands among the people, to be found and removed
 */
export async function makeWallLink(
  { api, token, client, claims, address }: Needs,
  name: string,
): Promise<WallLink> {
  const code = await api.issueCode(token, { role: 'viewer', ...(address === undefined ? {} : { address }) })
  claims.answeredHere(code.id)
  const { origin, hash } = new URL(code.url)
  const paired = await api.claim({ secret: hash.slice(1), deviceName: name, claimKey: randomText() })
  if (paired.check !== undefined) await client.approve(code.id, paired.check)
  const { token: own, ...session } = paired.session
  return { session, token: own, elsewhere: origin }
}

/** "seven days", as the time that a link may lie unused; milliseconds. */
export function unusedWords(ms: number): string {
  const hours = Math.round(ms / 3_600_000)
  if (hours < 48) return hours === 1 ? 'an hour' : `${hours} hours`
  const days = Math.round(hours / 24)
  return days === 7 ? 'seven days' : `${days} days`
}
