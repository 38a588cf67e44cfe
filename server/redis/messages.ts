/** What begins a message that holds several texts. */
const SEVERAL = '\u001d'
const BETWEEN = ','
const LENGTH = /^\d{1,9}$/

/** Several texts as one message: their lengths, then themselves; a single one stays what it is. */
export function joined(texts: readonly string[]): string {
  const [first = ''] = texts
  if (texts.length === 1 && !first.startsWith(SEVERAL)) return first
  const lengths = texts.map((text) => text.length).join(BETWEEN)
  return `${SEVERAL}${lengths}${SEVERAL}${texts.join('')}`
}

/** The texts of a message, in order; a damaged one is told as it is. */
export function textsOf(message: string): readonly string[] {
  const begin = message.startsWith(SEVERAL) ? message.indexOf(SEVERAL, SEVERAL.length) : -1
  if (begin < 0) return [message]
  const lengths = message.slice(SEVERAL.length, begin).split(BETWEEN)
  if (!lengths.every((length) => LENGTH.test(length))) return [message]
  let at = begin + SEVERAL.length
  const texts = lengths.map((length) => message.slice(at, (at += Number(length))))
  return at === message.length ? texts : [message]
}
