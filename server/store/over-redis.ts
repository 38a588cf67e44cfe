import type { Answer, Command, Manner, OnCommand, RedisLink } from '../redis/commands.ts'
import { failureOfAnswer, RedisFailure } from '../redis/failure.ts'
import {
  entriesOf,
  isLogId,
  leaving,
  spanOf,
  stepsFor,
  tableOf,
  textOf,
  valueOf,
  type Part,
} from './redis-steps.ts'
import { StoreUnavailable, type Reads, type Store, type Write } from './store.ts'

export interface RedisStoreOptions {
  /** Stands before every key and channel [STORE-5]. */
  readonly prefix: string
  /** Told of entries of another kind than expected, which are treated as absent [STORE-6]. */
  readonly warn?: (what: string) => void
  /** Told of the commands inside of scripts, which are billed too; the link tells of all others. */
  readonly onCommand?: OnCommand
}

/** A key that holds another kind of entry, or a count that is no number. */
const OTHER_KIND = /\bWRONGTYPE\b|value is not an integer/

/** Of a key that replaced another kind of entry, where the write brings no TTL [STORE-5]. */
const REPLACED_TTL_MS = 24 * 60 * 60 * 1000

/** What `XINFO` says of a key that is not there. */
const NO_KEY = /\bno such key\b/

/** Entries keep the order of their log; everything else need not wait behind it. */
function orderOf(writes: readonly Write[]): Manner {
  const logs = writes.flatMap((write) => ('put' in write && write.put === 'entry' ? [write.log] : []))
  return logs.length === 0 ? {} : { inOrder: logs }
}

const isOtherKind = (answer: Answer): boolean => 'error' in answer && OTHER_KIND.test(answer.error)

const unavailable = (error: unknown): Error => {
  if (error instanceof RedisFailure) return new StoreUnavailable(error.message, error.fault)
  return error instanceof Error ? error : new Error(String(error))
}

/** The store over Redis, whichever way leads there: what the ways have in common is all but how commands travel. */
export function createRedisStore(link: RedisLink, options: RedisStoreOptions): Store {
  const { prefix, warn = () => undefined, onCommand = () => undefined } = options
  const steps = stepsFor(prefix)

  /** One request; its answers, part by part. */
  const request = async (parts: readonly Part[], manner: Manner): Promise<(readonly Answer[])[]> => {
    const commands = parts.flatMap((part) => part.commands)
    const answers = commands.length === 0 ? [] : await link.ask(commands, manner)
    let at = 0
    return parts.map((part) => answers.slice(at, (at += part.commands.length)))
  }

  const refused = (answers: readonly (readonly Answer[])[]): void => {
    for (const part of answers) {
      for (const answer of part)
        if ('error' in answer && !isOtherKind(answer) && !NO_KEY.test(answer.error))
          throw failureOfAnswer(answer.error)
    }
  }

  /** Deletes the keys that writes need and cannot have, and does those writes again, and all reads behind them. */
  const replace = async (
    parts: readonly Part[],
    answers: readonly (readonly Answer[])[],
    others: readonly Part[],
    manner: Manner,
  ): Promise<(readonly Answer[])[]> => {
    const writes = others.filter(({ use }) => use === 'replace')
    if (writes.length === 0) return [...answers]
    const again = [...writes, ...parts.filter(({ use }) => use === 'read')]
    const keys = [...new Set(writes.flatMap(({ key }) => key ?? []))]
    // Who writes without a TTL takes it that there is one, which went with the key.
    const ttls = keys.map((key): Command => ['PEXPIRE', key, String(REPLACED_TTL_MS), 'NX'])
    const asked = [leaving(['DEL', ...keys]), ...again, leaving(...ttls)]
    const redone = (await request(asked, { ...manner, atomic: true })).slice(1)
    refused(redone)
    return parts.map((part, index) => redone[again.indexOf(part)] ?? answers[index] ?? [])
  }

  /**
   * Does parts in one request. Where a key holds another kind of entry than a write needs, the key is deleted and
   * that write is done once more; reads are then done again, so that they see it.
   */
  const run = async (parts: readonly Part[], manner: Manner = {}): Promise<(readonly Answer[])[]> => {
    try {
      const answers = await request(parts, manner)
      refused(answers)
      const others = parts.filter((_, index) => answers[index]?.some(isOtherKind))
      if (others.length === 0) return answers
      warn('a key of the store holds another kind of entry than it should; it is treated as absent')
      return await replace(parts, answers, others, manner)
    } catch (error) {
      throw unavailable(error)
    }
  }

  const one = async (part: Part, manner?: Manner): Promise<readonly Answer[]> =>
    (await run([part], manner))[0] ?? []
  /** Runs a script and tells of the commands in it: the first, and the second where it came to that. */
  const script = async (part: Part, first: string, second: string): Promise<boolean> => {
    const done = Number(valueOf(await one(part)) ?? 0) === 1
    onCommand(first, 1)
    if (done) onCommand(second, 1)
    return done
  }

  return {
    get: async (key) => textOf(await one(steps.get(key))),
    create: async (key, value, ttlMs) => textOf(await one(steps.create(key, value, ttlMs))) === 'OK',
    async renew(key, ttlMs) {
      await one(steps.renew(key, ttlMs))
    },
    exchange: async (key, value) => textOf(await one(steps.exchange(key, value))),
    replace: (key, expected, value) => script(steps.replace(key, expected, value), 'GET', 'SET'),
    async delete(...keys) {
      await one(steps.delete(keys))
    },
    hit: async (key, windowMs) => Number(valueOf(await one(steps.hit(key, windowMs), { atomic: true }))),
    row: async (table, row) => textOf(await one(steps.row(table, row))),
    rows: async (table) => tableOf(await one(steps.rows(table))),
    async putRow(table, row, value, ttlMs) {
      await one(steps.putRows(table, [[row, value]], ttlMs), { atomic: true })
    },
    createRow: (table, row, value, ttlMs) =>
      script(steps.createRow(table, row, value, ttlMs), 'HSETNX', 'PEXPIRE'),
    replaceRow: (table, row, expected, value) =>
      script(steps.replaceRow(table, row, expected, value), 'HGET', 'HSET'),
    async deleteRows(table, ...rows) {
      await one(steps.deleteRows(table, rows))
    },

    async step(writes, reads: Reads = {}) {
      const { log, ...others } = reads
      // A place that no log could have given has nothing behind it.
      const sound = log?.after === undefined || isLogId(log.after) ? reads : others
      const parts = [...writes.map((write) => steps.write(write)), ...steps.reads(sound)]
      const answers = (await run(parts, { atomic: true, ...orderOf(writes) })).slice(writes.length)
      const next = (): readonly Answer[] => answers.shift() ?? []
      const value = reads.value === undefined ? undefined : textOf(next())
      const row = reads.row === undefined ? undefined : textOf(next())
      return {
        ...(value === undefined ? {} : { value }),
        ...(row === undefined ? {} : { row }),
        tables: (reads.tables ?? []).map(() => tableOf(next())),
        log: entriesOf(next()),
      }
    },

    async append(log, text, { keep, ttlMs, inboxes }) {
      // The entry comes first: whoever is told of it finds it.
      const parts = [steps.append(log, text, keep, ttlMs), ...inboxes.map((inbox) => steps.tell(inbox, text))]
      const [added = [], ...published] = await run(parts, { inOrder: [log] })
      const id = textOf(added)
      if (id === undefined) throw new StoreUnavailable('an entry was added and got no id', 'server')
      return { id, received: published.map((answers) => Number(valueOf(answers) ?? 0)) }
    },
    readLog: async (log, after) =>
      after === undefined || isLogId(after) ? entriesOf(await one(steps.log(log, after))) : [],
    logSpan: async (log) => spanOf(await one(steps.span(log))),

    close: () => link.close(),
  }
}
