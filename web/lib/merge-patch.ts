/** JSON Merge Patch (RFC 7396): apply one, and find the smallest that leads from one object to another. */
type Json = Record<string, unknown>

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The target with the patch applied; neither is changed. */
export const mergePatch = (target: Json, patch: Json): Json => {
  const merged: Json = { ...target }
  for (const [key, value] of Object.entries(patch)) {
    if (value === undefined) continue
    if (value === null) delete merged[key]
    else if (isObject(value)) {
      const old = merged[key]
      merged[key] = mergePatch(isObject(old) ? old : {}, value)
    } else merged[key] = value
  }
  return merged
}

/** One patch that does what both do, where both lead to the same target from different places. */
export const joinPatches = (first: Json | undefined, second: Json | undefined): Json | undefined => {
  if (!first || !second) return first ?? second
  const joined: Json = { ...first }
  for (const [key, value] of Object.entries(second)) {
    const other = joined[key]
    joined[key] = isObject(value) && isObject(other) ? joinPatches(other, value) : value
  }
  return joined
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/** The patch that turns `from` into `to`, or undefined where they are the same. */
export const diffPatch = (from: Json, to: Json): Json | undefined => {
  const patch: Json = {}
  for (const key of Object.keys(from)) if (!(key in to)) patch[key] = null
  for (const [key, value] of Object.entries(to)) {
    const old = from[key]
    if (isObject(value) && isObject(old)) {
      const inner = diffPatch(old, value)
      if (inner) patch[key] = inner
    } else if (!same(old, value)) patch[key] = value
  }
  return Object.keys(patch).length > 0 ? patch : undefined
}
