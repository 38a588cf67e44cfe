import { MAX_STATE } from '../../protocol/limits.ts'
import type { MemberState } from '../../protocol/models.ts'
import { notHere, refused, type Handler } from './context.ts'

const UNSAFE_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

const isRecord = (value: unknown): value is MemberState =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function hasUnsafeKey(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(([key, part]) => UNSAFE_KEYS.has(key) || hasUnsafeKey(part))
}

/** JSON merge patch (RFC 7396, section 2) of two objects. */
function merge(target: MemberState, patch: MemberState): MemberState {
  const result: MemberState = { ...target }
  for (const [key, part] of Object.entries(patch)) {
    const before = result[key]
    if (part === null) delete result[key]
    else result[key] = isRecord(part) ? merge(isRecord(before) ? before : {}, part) : part
  }
  return result
}

/** What a member tells about itself. */
export const state: Handler<'state'> = ({ room, id }, { state: patch }) => {
  if (hasUnsafeKey(patch))
    return refused('invalid_message', 'A state may not have keys that change prototypes.')
  const member = room.member(id)
  if (member === undefined) return notHere()
  const merged = merge(member.state, patch)
  if (Buffer.byteLength(JSON.stringify(merged)) > MAX_STATE) {
    return refused('too_large', `A state may hold ${MAX_STATE} bytes at most.`)
  }
  room.updateState(id, merged)
  return { ok: true }
}
