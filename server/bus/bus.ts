import type { InstanceId } from '../protocol/ids.ts'

/** A message could not be sent. The text is for operators and holds no credential. */
export class BusUnavailable extends Error {
  override name = 'BusUnavailable'
}

/** What happens to an inbox that is listened to. */
export interface Listener {
  /** One message, of another instance or of its own. */
  deliver(text: string): void
  /** The inbox is open: what is sent from now on arrives. Comes at the first opening and after each cut. */
  opened(): void
  /** The inbox was lost: what is sent until it is opened again does not arrive. @param why for operators */
  cut(why: string): void
}

/**
 * What instances tell each other. Every instance has one inbox, named by its id.
 *
 * - Delivery is at most once, in any order: a hint, and never the truth. Senders MUST NOT rely on it, and
 *   receivers MUST bear doubles.
 * - A backend MUST open a cut inbox again by itself, with jittered pauses of at most 2 s, and say `opened` each time.
 * - Messages are single lines: no CR, no LF.
 */
export interface Bus {
  /**
   * Listens to an inbox until `close`; at most one a bus.
   * @returns ends it
   */
  listen(inbox: InstanceId, listener: Listener): () => void
  /**
   * @returns how many listeners the inbox had
   * @throws BusUnavailable where it was not sent, or may not have been
   */
  send(to: InstanceId, text: string): Promise<number>
  close(): Promise<void>
}
