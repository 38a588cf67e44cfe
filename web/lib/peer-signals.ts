/** What two peers say to each other through `signal`; unknown or damaged data is ignored. */

export type PeerSignal =
  /** A watcher wants the camera's picture over a new connection that it names. */
  | { readonly kind: 'want'; readonly pc: string; readonly source: string }
  | {
      readonly kind: 'description'
      readonly pc: string
      readonly n: number
      readonly description: RTCSessionDescriptionInit
    }
  | {
      readonly kind: 'candidates'
      readonly pc: string
      readonly n: number
      readonly candidates: readonly RTCIceCandidateInit[]
    }
  /** The connection is closed on purpose. */
  | { readonly kind: 'bye'; readonly pc: string }

/** Signals that belong to a connection which both sides have. */
export type NegotiationSignal = Extract<PeerSignal, { n: number }>

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

/** The signal in `data`, or undefined where it is not one of ours. */
export const readPeerSignal = (data: unknown): PeerSignal | undefined => {
  if (!isRecord(data) || typeof data['pc'] !== 'string') return undefined
  const { kind, pc } = data
  if (kind === 'want' && typeof data['source'] === 'string') return { kind, pc, source: data['source'] }
  if (kind === 'bye') return { kind, pc }
  if (typeof data['n'] !== 'number') return undefined
  if (kind === 'description' && isRecord(data['description'])) {
    return {
      kind,
      pc,
      n: data['n'],
      description: data['description'] as unknown as RTCSessionDescriptionInit,
    }
  }
  if (kind === 'candidates' && Array.isArray(data['candidates'])) {
    return { kind, pc, n: data['n'], candidates: data['candidates'] as RTCIceCandidateInit[] }
  }
  return undefined
}
