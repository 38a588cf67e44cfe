/** A store far away: its steps take time, other steps come in between, and some fail. */
import { StoreUnavailable, type Store } from '../../server/store/store.ts'
import { wrappedStore, type Around } from '../support/wrapped-store.ts'
import type { World } from './world.ts'

/** How a store is at the moment. Times are milliseconds. */
export interface Weather {
  readonly delay: readonly [least: number, most: number]
  /** Now and then a step takes longer. */
  readonly slow: { readonly chance: number; readonly delay: readonly [least: number, most: number] }
  /** Steps that end with `StoreUnavailable`, half of them after they were done. */
  readonly failing: number
}

export const FAIR: Weather = { delay: [1, 20], slow: { chance: 0, delay: [0, 0] }, failing: 0 }

export function distantStore(store: Store, world: World, weather: () => Weather): Store {
  const { random } = world
  const wait = (): number => {
    const { delay, slow } = weather()
    const [least, most] = random.chance(slow.chance) ? slow.delay : delay
    return random.int(least, most)
  }
  const around: Around =
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
  // Closing is the test's own and takes no time.
  return { ...wrappedStore(store, around), close: () => store.close() }
}
