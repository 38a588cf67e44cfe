/** The steps of `Store` as commands of Redis, and what its answers mean. */
import type { InstanceId } from '../protocol/ids.ts'
import { inboxChannel, type Answer, type Command } from '../redis/commands.ts'
import type { LogEntry, LogSpan, Reads, Write } from './store.ts'

/** Commands that belong together because they work on one key. */
export interface Part {
  /** With its prefix; absent where it makes no difference. */
  readonly key?: string
  readonly commands: readonly Command[]
  /**
   * What becomes of a key that holds another kind of entry: what replaces deletes it first; where it is read or
   * left, it counts as absent.
   */
  readonly use: 'replace' | 'read' | 'leave'
}

/** The field of a log's entry that holds its text. */
const TEXT_FIELD = 'e'

/** Sets a row only where it still holds what is expected. */
const REPLACE_ROW = `if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1`
/** Sets a row only where none is, and renews the table where it did. */
const CREATE_ROW = `if redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2]) == 0 then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1`
/** Sets a value only where it still is what is expected. */
const REPLACE = `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return 1`

const EVAL_ONE_KEY = '1'

const ms = (ttlMs: number): string => String(Math.max(1, Math.ceil(ttlMs)))
const expire = (key: string, ttlMs: number | undefined): Command[] =>
  ttlMs === undefined ? [] : [['PEXPIRE', key, ms(ttlMs)]]

/** Ids that Redis takes: two numbers of 64 bits. */
const SOUND_ID = /^\d{1,19}-\d{1,19}$/
export const isLogId = (id: string): boolean => SOUND_ID.test(id)

const reading = (key: string, command: Command): Part => ({ key, commands: [command], use: 'read' })
const writing = (key: string, ...commands: Command[]): Part => ({ key, commands, use: 'replace' })
/** What changes only what is there, if it is of the right kind. */
export const leaving = (...commands: Command[]): Part => ({ commands, use: 'leave' })

/** Makes the parts of one database; every key gets its prefix here and nowhere else. */
export function stepsFor(prefix: string) {
  const keyOf = (key: string): string => prefix + key

  const steps = {
    get: (key: string) => reading(keyOf(key), ['GET', keyOf(key)]),
    row: (table: string, row: string) => reading(keyOf(table), ['HGET', keyOf(table), row]),
    rows: (table: string) => reading(keyOf(table), ['HGETALL', keyOf(table)]),
    log: (log: string, after: string | undefined) =>
      reading(keyOf(log), ['XRANGE', keyOf(log), after === undefined ? '-' : `(${after}`, '+']),

    span: (log: string) => reading(keyOf(log), ['XINFO', 'STREAM', keyOf(log)]),

    create: (key: string, value: string, ttlMs: number) =>
      writing(keyOf(key), ['SET', keyOf(key), value, 'NX', 'PX', ms(ttlMs)]),
    set: (key: string, value: string, ttlMs: number) =>
      writing(keyOf(key), ['SET', keyOf(key), value, 'PX', ms(ttlMs)]),
    exchange: (key: string, value: string) => leaving(['SET', keyOf(key), value, 'XX', 'GET', 'KEEPTTL']),
    replace: (key: string, expected: string, value: string) =>
      leaving(['EVAL', REPLACE, EVAL_ONE_KEY, keyOf(key), expected, value]),
    renew: (key: string, ttlMs: number) => leaving(...expire(keyOf(key), ttlMs)),
    delete: (keys: readonly string[]) =>
      keys.length === 0 ? leaving() : leaving(['DEL', ...keys.map(keyOf)]),
    hit: (key: string, windowMs: number) =>
      writing(keyOf(key), ['INCR', keyOf(key)], ['PEXPIRE', keyOf(key), ms(windowMs), 'NX']),

    putRows(table: string, rows: Iterable<readonly [string, string]>, ttlMs: number | undefined): Part {
      const flat = [...rows].flat()
      return flat.length === 0
        ? leaving()
        : writing(keyOf(table), ['HSET', keyOf(table), ...flat], ...expire(keyOf(table), ttlMs))
    },
    createRow: (table: string, row: string, value: string, ttlMs: number) =>
      writing(keyOf(table), ['EVAL', CREATE_ROW, EVAL_ONE_KEY, keyOf(table), row, value, ms(ttlMs)]),
    replaceRow: (table: string, row: string, expected: string, value: string) =>
      leaving(['EVAL', REPLACE_ROW, EVAL_ONE_KEY, keyOf(table), row, expected, value]),
    deleteRows: (table: string, rows: readonly string[]) =>
      rows.length === 0 ? leaving() : leaving(['HDEL', keyOf(table), ...rows]),

    append: (log: string, text: string, keep: number, ttlMs: number | undefined) =>
      writing(
        keyOf(log),
        ['XADD', keyOf(log), 'MAXLEN', '~', String(keep), '*', TEXT_FIELD, text],
        ...expire(keyOf(log), ttlMs),
      ),
    tell: (inbox: InstanceId, text: string) => leaving(['PUBLISH', inboxChannel(prefix, inbox), text]),

    write(step: Write): Part {
      if ('renew' in step) return steps.renew(step.renew, step.ttlMs)
      if ('delete' in step)
        return step.delete === 'rows' ? steps.deleteRows(step.table, step.rows) : steps.delete(step.keys)
      switch (step.put) {
        case 'value':
          return steps.set(step.key, step.value, step.ttlMs)
        case 'rows':
          return steps.putRows(step.table, step.rows, step.ttlMs)
        case 'entry':
          return steps.append(step.log, step.text, step.keep, step.ttlMs)
      }
    },

    /** In a fixed order, so that `found` can tell the answers apart. */
    reads({ value, row, tables = [], log }: Reads): Part[] {
      return [
        ...(value === undefined ? [] : [steps.get(value)]),
        ...(row === undefined ? [] : [steps.row(row.table, row.row)]),
        ...tables.map((table) => steps.rows(table)),
        ...(log === undefined ? [] : [steps.log(log.key, log.after)]),
      ]
    },
  }
  return steps
}

/** The value of a part's first command; undefined where there is none, or nothing to read. */
export const valueOf = ([first]: readonly Answer[]): unknown =>
  first !== undefined && 'value' in first ? first.value : undefined

export function textOf(answers: readonly Answer[]): string | undefined {
  const value = valueOf(answers)
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}

/** Redis gives a table as one flat list of names and values. */
export function tableOf(answers: readonly Answer[]): ReadonlyMap<string, string> {
  const flat = valueOf(answers)
  const rows = new Map<string, string>()
  if (!Array.isArray(flat)) return rows
  for (let at = 0; at + 1 < flat.length; at += 2) rows.set(String(flat[at]), String(flat[at + 1]))
  return rows
}

/** Entries that hold no text were not written by this program, and are left out. */
export function entriesOf(answers: readonly Answer[]): readonly LogEntry[] {
  const list = valueOf(answers)
  if (!Array.isArray(list)) return []
  return (list as unknown[]).flatMap((entry) => {
    const [id, fields] = Array.isArray(entry) ? (entry as unknown[]) : []
    if (typeof id !== 'string' || !Array.isArray(fields)) return []
    const at = fields.indexOf(TEXT_FIELD)
    const text: unknown = at < 0 ? undefined : fields[at + 1]
    return typeof text === 'string' ? [{ id, text }] : []
  })
}

const idOf = (entry: unknown): string | undefined => {
  const [id] = Array.isArray(entry) ? (entry as unknown[]) : []
  return typeof id === 'string' ? id : undefined
}

/** Of `XINFO STREAM` (https://redis.io/docs/latest/commands/xinfo-stream/): a flat list of names and values. */
export function spanOf(answers: readonly Answer[]): LogSpan | undefined {
  const flat = valueOf(answers)
  if (!Array.isArray(flat)) return undefined
  const field = (name: string): unknown => flat[flat.indexOf(name) + 1]
  const [first, last, length] = [idOf(field('first-entry')), idOf(field('last-entry')), field('length')]
  if (first === undefined || last === undefined || typeof length !== 'number') return undefined
  return { first, last, length }
}
