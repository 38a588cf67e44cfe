import type { Command } from './commands.ts'
import { joined } from './messages.ts'

/** What goes to one channel as one message is no larger than this, unless a single text is. Characters. */
const MAX_MESSAGE = 256 * 1024

/** A message that still takes texts. */
interface Message {
  readonly channel: string
  readonly texts: string[]
  size: number
  /** Its place among the commands, once it has one. */
  at: number
}

/** Where the answer to a command will stand. */
type Place = number | Message

/**
 * Commands of several who ask at once, for one request. What they publish to one channel becomes one message, behind all
 * other commands: whoever is told of an entry finds it. An instance is told of many rooms so for the price of one.
 */
export class Gathering {
  readonly commands: Command[] = []
  readonly #messages = new Map<string, Message>()
  readonly #full: Message[] = []

  /** Takes commands up. @returns where their answers will stand */
  add(commands: readonly Command[]): readonly Place[] {
    return commands.map((command): Place => {
      const [kind, channel, text] = command
      if (kind !== 'PUBLISH' || channel === undefined || text === undefined)
        return this.commands.push(command) - 1
      return this.#publish(channel, text)
    })
  }

  /** Nothing more is added: the messages follow the other commands. */
  close(): void {
    for (const message of [...this.#full, ...this.#messages.values()])
      message.at = this.commands.push(['PUBLISH', message.channel, joined(message.texts)]) - 1
  }

  #publish(channel: string, text: string): Message {
    const open = this.#messages.get(channel)
    if (open !== undefined && open.size + text.length <= MAX_MESSAGE) {
      open.texts.push(text)
      open.size += text.length
      return open
    }
    if (open !== undefined) this.#full.push(open)
    const message = { channel, texts: [text], size: text.length, at: -1 }
    this.#messages.set(channel, message)
    return message
  }
}

/** The answers that stand at some places. @throws RangeError where there are fewer than commands */
export function answersAt<T>(places: readonly Place[], answers: readonly T[]): T[] {
  return places.map((place) => {
    const answer = answers[typeof place === 'number' ? place : place.at]
    if (answer === undefined) throw new RangeError('a command has no answer')
    return answer
  })
}
