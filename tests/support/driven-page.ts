import { setTimeout as sleep } from 'node:timers/promises'

/** What goes into a page and comes back from it. */
export type Plain = string | number | boolean | null | readonly Plain[]

/** The one page of a browser that is driven by a protocol of its own: Firefox, WebKit. */
export interface DrivenPage {
  /** Opens an address, and resolves when it is loaded. */
  goto(url: string): Promise<void>
  reload(): Promise<void>
  /** Runs a function in the page, where it sees its arguments and nothing else of here. */
  evaluate<Arguments extends readonly Plain[], Result>(
    what: (...args: Arguments) => Result | Promise<Result>,
    ...args: Arguments
  ): Promise<Result>
  /** Presses and lets go at a point of what is in view, as a finger or a mouse does. CSS pixels. */
  pressAt(x: number, y: number): Promise<void>
  /** A PNG file of what is in view. */
  screenshot(): Promise<Uint8Array>
  /** Size of what is in view. CSS pixels. */
  resize(width: number, height: number): Promise<void>
  /** Ends the browser and all that was started for it. */
  close(): Promise<void>
}

/** The source of a function that takes its arguments as a JSON text, and gives its result as one. */
export const asText = (what: (...args: never[]) => unknown): string =>
  `async (args) => JSON.stringify((await (${String(what)})(...JSON.parse(args))) ?? null)`

/** What such a function gave. */
export const fromText = <Result>(text: string): Result => JSON.parse(text) as Result

/** Milliseconds until something is given up that a slow machine may take its time for, and between two looks. */
const WITHIN = 45_000
const LOOK_EVERY = 100

/** Waits until a function gives something but `null` in the page. @throws Error with the page's text */
async function until<Arguments extends readonly Plain[], Result>(
  page: DrivenPage,
  what: string,
  look: (...args: Arguments) => Result | null,
  ...args: Arguments
): Promise<Result> {
  const end = performance.now() + WITHIN
  for (;;) {
    const found = await page.evaluate(look, ...args)
    if (found !== null) return found
    if (performance.now() > end) {
      const shown = await page.evaluate(() => document.body.innerText)
      throw new Error(`The page does not show ${what} within ${WITHIN} ms, but:\n${shown}`)
    }
    await sleep(LOOK_EVERY)
  }
}

/** Waits until an element is there. */
export const appears = (page: DrivenPage, selector: string): Promise<boolean> =>
  until(page, selector, (wanted) => (document.querySelector(wanted) === null ? null : true), selector)

/** Waits until a text is in view. */
export const says = (page: DrivenPage, text: string): Promise<boolean> =>
  until(page, `“${text}”`, (wanted) => (document.body.innerText.includes(wanted) ? true : null), text)

/** Presses the button or link with this text as soon as it is there. */
export async function press(page: DrivenPage, text: string): Promise<void> {
  const [x, y] = await until(
    page,
    `a button “${text}”`,
    (wanted) => {
      const found = [...document.querySelectorAll<HTMLElement>('button, a')].find(
        (element) => element.innerText.trim() === wanted,
      )
      if (found === undefined || found.hasAttribute('disabled')) return null
      found.scrollIntoView({ block: 'center' })
      const { left, top, width, height } = found.getBoundingClientRect()
      return width === 0 ? null : [Math.round(left + width / 2), Math.round(top + height / 2)]
    },
    text,
  )
  await page.pressAt(x ?? 0, y ?? 0)
}

/** Leaves the page and what it keeps, so that the next one begins as if it had never been there. */
export async function forget(page: DrivenPage): Promise<void> {
  await page.evaluate(() => {
    // An empty page has nothing of the kind.
    if (location.protocol !== 'about:') localStorage.clear()
  })
  await page.goto('about:blank')
}
