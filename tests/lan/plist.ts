/** A strict reader for property lists in XML: it throws on anything that is not well-formed. */
type Plist = string | number | boolean | Plist[] | { [key: string]: Plist }

const unescapeXml = (text: string): string => {
  if (/[<>]|&(?!#\d+;)/.test(text)) throw new Error(`Not escaped: ${text}`)
  return text.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
}

/** The value inside `<plist>`; `data` stays base64 without spaces. */
export function readPlist(xml: string): Plist {
  let rest = xml
  const take = (pattern: RegExp): string | undefined => {
    const match = new RegExp(`^\\s*(?:${pattern.source})`).exec(rest)
    if (match === null) return undefined
    rest = rest.slice(match[0].length)
    return match[1] ?? ''
  }
  const need = (pattern: RegExp): string => {
    const taken = take(pattern)
    if (taken === undefined) throw new Error(`Expected ${pattern.source} at: ${rest.slice(0, 60)}`)
    return taken
  }
  const value = (): Plist => {
    if (take(/<dict>/) !== undefined) {
      const entries: [string, Plist][] = []
      while (take(/<\/dict>/) === undefined) entries.push([unescapeXml(need(/<key>([^<]*)<\/key>/)), value()])
      return Object.fromEntries(entries)
    }
    if (take(/<array>/) !== undefined) {
      const items: Plist[] = []
      while (take(/<\/array>/) === undefined) items.push(value())
      return items
    }
    if (take(/<false\/>/) !== undefined) return false
    const integer = take(/<integer>(\d+)<\/integer>/)
    if (integer !== undefined) return Number(integer)
    const data = take(/<data>([A-Za-z0-9+/=\s]*)<\/data>/)
    if (data !== undefined) return data.replace(/\s/g, '')
    return unescapeXml(need(/<string>([^<]*)<\/string>/))
  }
  need(/<\?xml version="1\.0" encoding="UTF-8"\?>/)
  need(/<!DOCTYPE plist PUBLIC "[^"]+" "[^"]+">/)
  need(/<plist version="1\.0">/)
  const root = value()
  need(/<\/plist>/)
  if (rest.trim() !== '') throw new Error('Something follows the property list')
  return root
}
