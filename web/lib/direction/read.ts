/** Readers of what another page wrote: each gives the value, or undefined where it is not such a one. */
export type Read<T> = (value: unknown) => T | undefined

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const flag: Read<boolean> = (value) => (typeof value === 'boolean' ? value : undefined)
export const number: Read<number> = (value) =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined
/** A text of so many characters at most, and one at least. */
export const text =
  (most: number): Read<string> =>
  (value) =>
    typeof value === 'string' && value !== '' && value.length <= most ? value : undefined
export const oneOf =
  <T extends string | number>(values: readonly T[]): Read<T> =>
  (value) =>
    values.find((candidate) => candidate === value)
/** A list of so many at most, without those that cannot be read. */
export const list =
  <T>(read: Read<T>, most: number): Read<readonly T[]> =>
  (value) =>
    Array.isArray(value)
      ? value
          .slice(0, most)
          .map(read)
          .filter((one) => one !== undefined)
      : undefined

/** Leaves out what is undefined, so that exact optional properties hold. */
export const compact = <T extends object>(value: { [K in keyof T]: T[K] | undefined }): T =>
  Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T
