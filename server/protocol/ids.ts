/**
 * Branded ids: all are opaque texts, and the brand keeps one kind from standing where another is meant.
 */
declare const brand: unique symbol
type Branded<Name extends string> = string & { readonly [brand]: Name }

/** Names a room; the first part of every session token. */
export type RoomId = Branded<'RoomId'>
/** Names a session and, since one session is one member, the member as well. */
export type SessionId = Branded<'SessionId'>
/** Names a pairing code without giving it away: the keyed hash under which the store holds it. */
export type CodeId = Branded<'CodeId'>
/** Names one server process from its start to its end. */
export type InstanceId = Branded<'InstanceId'>
/** Names one socket; new for every connection, so that a late close cannot end its successor. */
export type ConnectionId = Branded<'ConnectionId'>
/** Names one command until it was answered. */
export type CommandRef = Branded<'CommandRef'>
/** A place in a room's log, opaque to clients (the wire's `at`). */
export type CursorText = Branded<'CursorText'>
