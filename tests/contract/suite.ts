import type { InstanceId } from '../../server/protocol/ids.ts'
import type { Store } from '../../server/store/store.ts'

/** What the tests of one backend share. */
export interface Suite {
  store(): Store
  /** One of the clients of the data. */
  at(index: number): Store
  /** A key of the test's own. */
  key(label: string): string
  /** A life to give, in milliseconds. */
  life(): number
  /** Lets a share of that life go by. */
  pass(share: number): Promise<void>
  crowd<T>(task: (client: Store, index: number) => Promise<T>): Promise<T[]>
  /** Listens to an inbox; resolves when what is sent to it arrives. @returns ends it */
  listen(inbox: InstanceId, deliver: (text: string) => void): Promise<() => void>
}
