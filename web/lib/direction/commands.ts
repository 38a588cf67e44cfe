/**
 * What a dashboard may ask of a camera's page: the names and arguments of `command`, and the words of `result`
 * (docs/SPEC.md, "Direction"). Both sides read what comes by the same functions.
 */
import { compact, flag, isRecord, number, oneOf, text, type Read } from './read.ts'
import { FACINGS, MOST_MESSAGE, TURNS } from './settings.ts'

const one =
  <K extends string, T>(name: K, read: Read<T>) =>
  (args: unknown): { readonly [N in K]: T } | undefined => {
    const value = isRecord(args) ? read(args[name]) : undefined
    return value === undefined ? undefined : ({ [name]: value } as { [N in K]: T })
  }

/**
 * `auto`: from device to device for a few, through the server once for many; `direct`: to each alone, however many;
 * `relay`: through the server.
 */
const WAYS = ['auto', 'direct', 'relay'] as const
export type WayChoice = (typeof WAYS)[number]

export const readWayChoice: Read<WayChoice> = oneOf(WAYS)

/** Of a command that takes none; what is there is for later versions. */
const nothing = (): object => ({})

type Focus = { readonly mode: 'auto' } | { readonly mode: 'manual'; readonly distance: number }
const focus: Read<Focus> = (args) => {
  if (!isRecord(args)) return undefined
  if (args['mode'] === 'auto') return { mode: 'auto' }
  const distance = number(args['distance'])
  return args['mode'] === 'manual' && distance !== undefined ? { mode: 'manual', distance } : undefined
}

type Exposure =
  | { readonly mode: 'auto'; readonly compensation?: number }
  | { readonly mode: 'manual'; readonly time: number }
const exposure: Read<Exposure> = (args) => {
  if (!isRecord(args)) return undefined
  const time = number(args['time'])
  if (args['mode'] === 'auto')
    return compact<Extract<Exposure, { mode: 'auto' }>>({
      mode: 'auto',
      compensation: number(args['compensation']),
    })
  return args['mode'] === 'manual' && time !== undefined ? { mode: 'manual', time } : undefined
}

interface Quality {
  readonly size?: number
  readonly fps?: number
}
const quality: Read<Quality> = (args) => {
  if (!isRecord(args)) return undefined
  const wanted = compact<Quality>({ size: number(args['size']), fps: number(args['fps']) })
  return Object.keys(wanted).length > 0 ? wanted : undefined
}

const show: Read<{ readonly text: string | null }> = (args) => {
  if (!isRecord(args)) return undefined
  const words = args['text'] === null ? null : text(MOST_MESSAGE)(args['text'])
  return words === undefined ? undefined : { text: words }
}

/** Each command's reader: undefined where the arguments are not such as the command takes. */
export const COMMANDS = {
  /** Switches the camera's light. */
  light: one('on', flag),
  /** How the picture is sent. */
  way: one('choice', readWayChoice),
  /** Takes a photo at full resolution, which then comes as the transfer that the result names (web/lib/stills). */
  photo: nothing,
  /** Takes the camera at the front or at the back. */
  facing: one('to', oneOf(FACINGS)),
  /** Takes one of the cameras that it says it has. */
  lens: one('id', text(16)),
  zoom: one('to', number),
  focus,
  exposure,
  /** Size by the shorter side in pixels, and pictures a second. */
  quality,
  /** Turns the picture clockwise for all who watch. */
  turn: one('degrees', oneOf(TURNS)),
  /** Mirrors it for all who watch. */
  mirror: one('on', flag),
  /** Sends the picture, or none. */
  picture: one('on', flag),
  /** Says on the phone that it is on air. */
  tally: one('on', flag),
  /** Shows words on the phone's screen, or takes them away. */
  show,
  /** Asks the person at the phone for the microphone, or switches it off. */
  microphone: one('on', flag),
  /** Plays what the one who asks says, from now on or no more. */
  talk: one('on', flag),
} as const

/** Milliseconds that the person at the phone has to answer. */
export const ANSWER_FOR = 30_000

export type CommandName = keyof typeof COMMANDS
export type CommandArgs<N extends CommandName> = NonNullable<ReturnType<(typeof COMMANDS)[N]>>

export const isCommandName = (name: string): name is CommandName => Object.hasOwn(COMMANDS, name)

/**
 * Why a camera did not do it. `unknown`: its page knows no such command; `invalid`: not with these arguments;
 * `unsupported`: its camera or browser has no such thing; `not-now`: not in the state it is in; `failed`: it was
 * tried. The director adds `away`: the camera was not reached, and `silent`: it did not answer.
 */
export const FAULT_CODES = [
  'unknown',
  'invalid',
  'unsupported',
  'not-now',
  'failed',
  'away',
  'silent',
] as const
export type CommandFaultCode = (typeof FAULT_CODES)[number]

/** A command that was not carried out. The message is for people. */
export class CommandFault extends Error {
  override readonly name = 'CommandFault'
  readonly code: CommandFaultCode

  constructor(code: CommandFaultCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Characters of a fault's message that are shown. */
const MAX_FAULT = 200

/** Reads the `error` of a `result`; what is not known is a plain `failed`. */
export const readFault = (error: unknown): CommandFault => {
  const { code, message: words } = isRecord(error) ? error : {}
  return new CommandFault(
    FAULT_CODES.find((known) => known === code) ?? 'failed',
    typeof words === 'string' && words !== '' ? words.slice(0, MAX_FAULT) : 'The camera could not do it.',
  )
}
