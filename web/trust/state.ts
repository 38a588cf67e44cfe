/** What the trust page knows: the machine's LanInfo and which device's steps are shown. */
import { computed, signal } from '@preact/signals'
import type { LanInfo, TrustInfo } from '../../server/protocol/api.ts'
import { thisBrowser } from '../lib/browser.ts'

export type Platform = 'iOS' | 'Android' | 'other'

export type Loaded =
  | { readonly state: 'loading' }
  | { readonly state: 'ready'; readonly addresses: LanInfo['addresses']; readonly trust: TrustInfo }
  /** The server answers, but has no LAN https: nothing is there to trust. */
  | { readonly state: 'off' }
  | { readonly state: 'failed' }

const GIVE_UP = 8_000

export const loaded = signal<Loaded>({ state: 'loading' })
export const platform = signal<Platform>(thisBrowser().os)

/** Asks the server for LanInfo; the outcome, good or bad, is in `loaded`. */
export async function load(): Promise<void> {
  loaded.value = { state: 'loading' }
  try {
    const response = await fetch('/api/lan', { cache: 'no-store', signal: AbortSignal.timeout(GIVE_UP) })
    if (!response.ok) {
      loaded.value = { state: 'failed' }
      return
    }
    const { addresses, trust } = (await response.json()) as LanInfo
    loaded.value = trust === undefined ? { state: 'off' } : { state: 'ready', addresses, trust }
  } catch (error) {
    console.warn('The server did not answer:', error)
    loaded.value = { state: 'failed' }
  }
}

/** This page by https, on the address it is open on where the certificate covers it; undefined while https is off. */
export const securePage = computed((): string | undefined => {
  if (loaded.value.state !== 'ready') return undefined
  const { addresses, trust } = loaded.value
  const secure = addresses.filter(({ url }) => url.startsWith('https:'))
  const here = location.hostname.replace(/^\[|\]$/g, '')
  const found = secure.find(({ address }) => address === here) ?? secure[0]
  return found && new URL(trust.paths.page, found.url).href
})
