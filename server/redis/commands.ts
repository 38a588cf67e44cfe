/** One command as Redis takes it: its name, then its arguments, as texts. */
export type Command = readonly [kind: string, ...args: string[]]

/** What came of one command: its value as JSON would hold it, or the server's own words. */
export type Answer = { readonly value: unknown } | { readonly error: string }

/** Told of every command that Upstash bills (upstash.com/docs/redis/overall/pricing): MULTI and EXEC are not among them. */
export type OnCommand = (kind: string, count: number) => void

/** How commands are to be done. */
export interface Manner {
  /** As one transaction: with nothing in between, and all or (where the server refuses one of them) none. */
  readonly atomic?: boolean
  /** After all that was asked before with one of these names. What has none of them may overtake it. */
  readonly inOrder?: readonly string[]
}

/** A way to a Redis server. */
export interface RedisLink {
  /**
   * Does commands in one request and never twice.
   * @returns an answer each; one that was refused does not stop the others, unless they are one transaction
   * @throws RedisFailure where none of them was done, or it is not known
   */
  ask(commands: readonly Command[], manner?: Manner): Promise<readonly Answer[]>
  /** Takes no more commands, and ends when what was asked has been answered or given up. */
  close(): Promise<void>
}

/** What every way to Redis takes. */
export interface LinkOptions {
  /** No call takes longer. Milliseconds; 3,000 unless said otherwise. */
  readonly timeoutMs?: number
  readonly onCommand?: OnCommand
}

export const DEFAULT_TIMEOUT_MS = 3_000

/** The channel on which an instance hears the others. */
export const inboxChannel = (prefix: string, instance: string): string => `${prefix}inbox:${instance}`

/** Tells a listener of billed commands about those of one request. */
export function count(commands: readonly Command[], onCommand: OnCommand | undefined): void {
  if (onCommand === undefined) return
  const kinds = new Map<string, number>()
  for (const [kind] of commands) kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
  for (const [kind, times] of kinds) onCommand(kind, times)
}
