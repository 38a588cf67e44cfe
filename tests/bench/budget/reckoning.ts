/** From measured bills to days and months. */
import process from 'node:process'

/** Commands of each, as measured. */
export interface Prices {
  readonly scanned: number
  readonly typed: number
  /** A room made, its dashboard joined and left. */
  readonly opened: number
  readonly event: number
  /** A code renewed. */
  readonly code: number
  /** A phone that dropped and is back. */
  readonly back: number
  /** An hour in which a dashboard and two phones are connected and say nothing. */
  readonly idleHour: number
}

/** How people use it: numbers that are assumed, not measured. */
const USE = {
  /** Signals that connect two devices: offer, answer, and candidates that are sent together. */
  signals: 8,
  /** How often in an hour a connection between devices has to be made anew, and a phone drops and is back. */
  again: 2,
  /** Codes shown in an hour while somebody is at the dashboard: one every two minutes. */
  codes: 30,
} as const

const FREE = { day: 10_000, month: 500_000 }
/** Dollars for 100,000 commands, pay as you go. */
const PRICE = 0.2

/** A pairing, and its devices' connection to each other. */
const connected = (pairing: number, { event }: Prices): number => pairing + USE.signals * event

function rows(prices: Prices): [what: string, commands: number][] {
  const phones = 2
  const again = phones * USE.again * (USE.signals * prices.event + prices.back)
  const hour = prices.opened + phones * connected(prices.scanned, prices) + again + prices.idleHour
  return [
    ['a scanned pairing and its connection', connected(prices.scanned, prices)],
    ['a typed pairing and its connection', connected(prices.typed, prices)],
    ['an hour, a dashboard and two phones', hour],
    ['the same with a code in view all the time', hour + USE.codes * prices.code],
  ]
}

/** Prints a table as docs/deploy/budget.md has it. */
export function printReckoning(where: string, prices: Prices): void {
  const count = (value: number) => Math.floor(value).toLocaleString('en-US')
  const lines = rows(prices).map(([what, commands]) => {
    const dollars = ((commands * PRICE) / 100_000) * 1_000
    return `| ${what} | ${commands} | ${count(FREE.day / commands)} | ${count(FREE.month / commands)} | $${dollars.toFixed(2)} |`
  })
  process.stdout.write(
    [
      '',
      `| ${where} | commands | a day on 10,000 | a month on 500,000 | 1,000 of them, pay as you go |`,
      '| --- | --- | --- | --- | --- |',
      ...lines,
      '',
      '',
    ].join('\n'),
  )
}
