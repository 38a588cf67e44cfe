/** A store far away: its steps take time, other steps come in between, and some fail. */
import { StoreUnavailable, type Store } from '../../server/store/store.ts'
import type { World } from './world.ts'

/** How a store is at the moment. Times are milliseconds. */
export interface Weather {
  readonly delay: readonly [least: number, most: number]
  /** Now and then a step takes longer. */
  readonly slow: { readonly chance: number; readonly delay: readonly [least: number, most: number] }
  /** Steps that end with `StoreUnavailable`, half of them after they were done. */
  readonly failing: number
}

type Call = <A extends unknown[], R>(
  name: keyof Store,
  call: (...args: A) => Promise<R>,
) => (...args: A) => Promise<R>

export function distantStore(store: Store, world: World, weather: () => Weather): Store {
  const { random } = world
  const wait = (): number => {
    const { delay, slow } = weather()
    const [least, most] = random.chance(slow.chance) ? slow.delay : delay
    return random.int(least, most)
  }
  const around: Call =
    (name, call) =>
    (...args) =>
      new Promise((resolve, reject) => {
        const failed = (): void => {
          world.say('store', `${name} failed`)
          world.after(wait(), () => reject(new StoreUnavailable(`${name} did not answer`)))
        }
        world.after(wait(), () => {
          const fails = random.chance(weather().failing)
          if (fails && random.chance(0.5)) {
            failed()
            return
          }
          call(...args).then((answer) => {
            world.say('store', `${name}${typeof answer === 'boolean' ? ` ${answer}` : ''}`)
            if (fails) failed()
            else world.after(wait(), () => resolve(answer))
          }, reject)
        })
      })
  return {
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
    replaceRow: around('replaceRow', (...args) => store.replaceRow(...args)),
    deleteRows: around('deleteRows', (...args) => store.deleteRows(...args)),
    close: () => store.close(),
  }
}
