/** What Upstash bills: each command once, those in pipelines, transactions and scripts too; MULTI and EXEC not. */
export class Bill {
  readonly #kinds = new Map<string, number>()

  add(kind: string, count = 1): void {
    const name = kind.toUpperCase()
    this.#kinds.set(name, (this.#kinds.get(name) ?? 0) + count)
  }

  /** Commands by kind. */
  kinds(): Record<string, number> {
    return Object.fromEntries([...this.#kinds].sort(([a], [b]) => a.localeCompare(b)))
  }

  total(): number {
    return [...this.#kinds.values()].reduce((sum, count) => sum + count, 0)
  }

  reset(): void {
    this.#kinds.clear()
  }
}

const SCRIPTS = new Set(['EVAL', 'EVALSHA', 'EVAL_RO', 'EVALSHA_RO', 'FCALL'])
export const isScript = (command: readonly string[]): boolean => SCRIPTS.has(command[0]?.toUpperCase() ?? '')

const callsOf = (stats: string): Map<string, number> =>
  new Map(
    [...stats.matchAll(/^cmdstat_([a-z_|]+):calls=(\d+)/gm)].map(([, name = '', calls]) => [
      name.toUpperCase(),
      Number(calls),
    ]),
  )

/**
 * The commands that ran between two answers to `INFO commandstats`, the asking and the script itself aside.
 * @returns their names and how often each ran
 */
export function ranBetween(before: string, after: string): [kind: string, count: number][] {
  const earlier = callsOf(before)
  return [...callsOf(after)]
    .map(([kind, calls]): [string, number] => [kind, calls - (earlier.get(kind) ?? 0)])
    .filter(([kind, count]) => count > 0 && kind !== 'INFO' && !SCRIPTS.has(kind))
}
