/** The few DER encodings that a certificate needs (ITU-T X.690). Made for writing; it reads no foreign input. */

function tlv(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  if (content.length < 0x80) return Buffer.concat([Buffer.from([tag, content.length]), content])
  const hex = content.length.toString(16)
  const length = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, content])
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => tlv(0x30, ...parts)
export const set = (...parts: readonly Uint8Array[]): Buffer => tlv(0x31, ...parts)
export const octets = (bytes: Uint8Array): Buffer => tlv(0x04, bytes)
export const utf8 = (text: string): Buffer => tlv(0x0c, Buffer.from(text))
export const TRUE: Buffer = tlv(0x01, Buffer.from([0xff]))

/** A non-negative integer from its big-endian bytes, in the shortest form. */
export function integer(bytes: Uint8Array): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0)
  const short = first < 0 ? Buffer.alloc(1) : Buffer.from(bytes.subarray(first))
  return tlv(0x02, (short[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), short]) : short)
}

/** A bit string; `unused` is the number of bits at the end that do not count. */
export const bits = (bytes: Uint8Array, unused = 0): Buffer => tlv(0x03, Buffer.from([unused]), bytes)

/** An object identifier from its dotted form. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const groups = [arc & 0x7f]
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
      groups.unshift((left & 0x7f) | 0x80)
    return groups
  })
  return tlv(0x06, Buffer.from(bytes))
}

/** Seconds precision; UTCTime through 2049 and GeneralizedTime from 2050 on (RFC 5280, section 4.1.2.5). */
export function time(ms: number): Buffer {
  const digits = `${new Date(ms).toISOString().slice(0, 19).replace(/\D/g, '')}Z`
  return digits < '2050' ? tlv(0x17, Buffer.from(digits.slice(2))) : tlv(0x18, Buffer.from(digits))
}

/** A context-specific tag around primitive content. */
export const primitive = (tag: number, content: Uint8Array): Buffer => tlv(0x80 | tag, content)
/** A context-specific tag around other values. */
export const constructed = (tag: number, ...parts: readonly Uint8Array[]): Buffer => tlv(0xa0 | tag, ...parts)

/** The values inside a constructed value, each with its header; throws where the lengths do not fit. */
export function children(der: Buffer): Buffer[] {
  const measure = (at: number) => {
    const size = der[at + 1] ?? 0
    const extra = size < 0x80 ? 0 : size & 0x7f
    const length = extra === 0 ? size : der.readUIntBE(at + 2, extra)
    return { start: at + 2 + extra, end: at + 2 + extra + length }
  }
  const { start, end } = measure(0)
  const found: Buffer[] = []
  for (let at = start; at < end;) {
    const next = measure(at).end
    if (next > end || end > der.length) throw new RangeError('A DER value is longer than what holds it')
    found.push(der.subarray(at, next))
    at = next
  }
  return found
}
