/** Short texts in binary frames: a byte of length, then printable ASCII without blanks. */

/** Longest text of this kind: a codec's name, an id. Bytes. */
const MAX_TEXT = 64

const isPlain = (byte: number): boolean => byte > 0x20 && byte < 0x7f

/** Whether a text can stand in a frame. */
export const isPlainText = (text: string): boolean =>
  text.length > 0 &&
  text.length <= MAX_TEXT &&
  Array.from({ length: text.length }, (_, at) => text.charCodeAt(at)).every(isPlain)

/** Writes the text alone, without its length. */
export function writeText(bytes: Uint8Array, start: number, text: string): void {
  for (let at = 0; at < text.length; at += 1) bytes[start + at] = text.charCodeAt(at)
}

/** The text whose length stands at `at`; nothing where it is none, or the bytes end before it does. */
export function readText(bytes: Uint8Array, at: number): string | undefined {
  const length = bytes[at] ?? 0
  if (length === 0 || length > MAX_TEXT || at + 1 + length > bytes.length) return undefined
  let text = ''
  for (const byte of bytes.subarray(at + 1, at + 1 + length)) {
    if (!isPlain(byte)) return undefined
    text += String.fromCharCode(byte)
  }
  return text
}
