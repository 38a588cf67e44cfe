/**
 * The viewer's address for OBS and walls (docs/SPEC.md, section 3). How it looks stands in the query, in plain words;
 * the session stands in the fragment, which browsers send to nobody.
 */
import { readLayout, type Layout } from './layouts/layout.ts'

export type Fit = 'contain' | 'cover'

/** How a viewer's page shows the room. */
export interface Look {
  /** Pictures and nothing else. */
  readonly clean: boolean
  /** A CSS colour, or `transparent`; undefined leaves it to the page. */
  readonly background: string | undefined
  /** Member id or name of the one camera to show. */
  readonly camera: string | undefined
  readonly layout: Layout | undefined
  /** `cover`: pictures fill their places and are cut. */
  readonly fit: Fit
  readonly stats: boolean
  readonly names: boolean
}

const OFF: ReadonlySet<string> = new Set(['0', 'off', 'no', 'false'])
const WORDS: ReadonlySet<string> = new Set(['transparent', 'black', 'white'])

const readSwitch = (query: URLSearchParams, name: string): boolean => {
  const value = query.get(name)
  return value !== null && !OFF.has(value.toLowerCase())
}

/** `transparent`, `black`, `white` or six hex digits, with or without a `#` before them. */
const readColour = (text: string | null): string | undefined => {
  const plain = text?.toLowerCase().replace(/^#/, '') ?? ''
  if (WORDS.has(plain)) return plain
  return /^[0-9a-f]{6}$/.test(plain) ? `#${plain}` : undefined
}

/** Reads the query of a viewer's address; what it does not know, it leaves aside. */
export function readLook(search: string): Look {
  const query = new URLSearchParams(search)
  return {
    clean: readSwitch(query, 'clean'),
    background: readColour(query.get('background')),
    camera: query.get('camera')?.trim() || undefined,
    layout: readLayout(query.get('layout')),
    fit: query.get('fit') === 'cover' ? 'cover' : 'contain',
    stats: readSwitch(query, 'stats'),
    names: readSwitch(query, 'names'),
  }
}

/** The query that says all that is not usual, without a `?`; the reverse of `readLook`. */
export function writeLook(look: Partial<Look>): string {
  const { clean, background, camera, layout, fit, stats, names } = look
  const parts = [
    ...(clean ? ['clean'] : []),
    ...(background === undefined ? [] : [`background=${background.replace('#', '')}`]),
    ...(camera === undefined ? [] : [`camera=${encodeURIComponent(camera)}`]),
    ...(layout === undefined ? [] : [`layout=${layout}`]),
    ...(fit === 'cover' ? ['fit=cover'] : []),
    ...(stats ? ['stats'] : []),
    ...(names ? ['names'] : []),
  ]
  return parts.join('&')
}

/** What the fragment of a viewer's address holds. */
export type Fragment =
  | { readonly kind: 'none' }
  /** Of a pairing code. */
  | { readonly kind: 'secret'; readonly secret: string }
  /** Of a link with a session of its own; `id` is the session's. */
  | { readonly kind: 'token'; readonly token: string; readonly id: string }
  /** What is left of such a link where it was opened: whose session this browser is to take up. */
  | { readonly kind: 'opened'; readonly id: string }

export function readFragment(hash: string): Fragment {
  const text = hash.replace(/^#/, '')
  if (text === '') return { kind: 'none' }
  const token = /^t=([\w-]{1,64}\.([\w-]{1,64})\.[\w-]{1,64})$/.exec(text)
  if (token?.[1] !== undefined && token[2] !== undefined)
    return { kind: 'token', token: token[1], id: token[2] }
  const opened = /^s=([\w-]{1,64})$/.exec(text)
  if (opened?.[1] !== undefined) return { kind: 'opened', id: opened[1] }
  return { kind: 'secret', secret: text }
}

/** The address to open at a wall or to paste into OBS. `base`: origin of this server as that place reaches it. */
export function wallAddress(base: string, look: Partial<Look>, token: string): string {
  const query = writeLook(look)
  return `${base}/v${query === '' ? '' : `?${query}`}#t=${token}`
}

/** The fragment that takes up a link's session once this browser has stored it. */
export const openedFragment = (id: string): string => `#s=${id}`
