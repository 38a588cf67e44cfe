import { StringDecoder } from 'node:string_decoder'

const PREFIX = 'data:'

/**
 * Reads the `data:` lines of an event stream (HTML, section 9.2) from chunks that may end anywhere, in the middle of a
 * character too. Upstash sends one line an event, so each line is told as it comes.
 * @returns takes the next chunk
 */
export function createLineReader(line: (data: string) => void): (chunk: Buffer) => void {
  const decoder = new StringDecoder('utf8')
  /** Pieces of a line that goes on; joined once, since a line may be large. */
  let pieces: string[] = []
  return (chunk) => {
    const parts = decoder.write(chunk).split('\n')
    pieces.push(parts[0] ?? '')
    for (let at = 1; at < parts.length; at += 1) {
      const text = pieces.join('')
      pieces = [parts[at] ?? '']
      if (!text.startsWith(PREFIX)) continue
      const data = text.endsWith('\r') ? text.slice(PREFIX.length, -1) : text.slice(PREFIX.length)
      line(data.startsWith(' ') ? data.slice(1) : data)
    }
  }
}
