/** Ends a subscription, a timer or a whole object. Calling it again does nothing. */
export type Disposer = () => void

/** Collects disposers; the returned one ends all of them, the last first. */
export const disposers = (...first: Disposer[]): Disposer & { add(disposer: Disposer): void } => {
  let list: Disposer[] = first
  const dispose = () => {
    const ended = list
    list = []
    for (const each of [...ended].reverse()) each()
  }
  return Object.assign(dispose, {
    add(disposer: Disposer) {
      list.push(disposer)
    },
  })
}

/** Listens to a DOM event. */
export const listen = (target: EventTarget, type: string, listener: (event: Event) => void): Disposer => {
  target.addEventListener(type, listener)
  return () => target.removeEventListener(type, listener)
}
