import type { Store } from '../../server/store/store.ts'

/** What becomes of a call: it may be kept, delayed, failed, or made. */
export type Around = <A extends unknown[], R>(
  name: keyof Store,
  call: (...args: A) => Promise<R>,
) => (...args: A) => Promise<R>

/** A store whose every call goes through `around`. */
export const wrappedStore = (store: Store, around: Around): Store => ({
  get: around('get', (...args) => store.get(...args)),
  create: around('create', (...args) => store.create(...args)),
  renew: around('renew', (...args) => store.renew(...args)),
  exchange: around('exchange', (...args) => store.exchange(...args)),
  replace: around('replace', (...args) => store.replace(...args)),
  delete: around('delete', (...args) => store.delete(...args)),
  hit: around('hit', (...args) => store.hit(...args)),
  row: around('row', (...args) => store.row(...args)),
  rows: around('rows', (...args) => store.rows(...args)),
  putRow: around('putRow', (...args) => store.putRow(...args)),
  createRow: around('createRow', (...args) => store.createRow(...args)),
  replaceRow: around('replaceRow', (...args) => store.replaceRow(...args)),
  deleteRows: around('deleteRows', (...args) => store.deleteRows(...args)),
  step: around('step', (...args) => store.step(...args)),
  append: around('append', (...args) => store.append(...args)),
  readLog: around('readLog', (...args) => store.readLog(...args)),
  logSpan: around('logSpan', (...args) => store.logSpan(...args)),
  close: around('close', () => store.close()),
})
