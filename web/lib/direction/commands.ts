/**
 * What a dashboard may ask of a camera's page: the names and arguments of `command`, and the words of `result`
 * (docs/SPEC.md, "Direction"). Both sides read what comes by the same functions.
 */
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const flag =
  <K extends string>(name: K) =>
  (args: unknown): { readonly [N in K]: boolean } | undefined => {
    const value = isRecord(args) ? args[name] : undefined
    return typeof value === 'boolean' ? ({ [name]: value } as { [N in K]: boolean }) : undefined
  }

/**
 * `auto`: from device to device for a few, through the server once for many; `direct`: to each alone, however many;
 * `relay`: through the server.
 */
const WAYS = ['auto', 'direct', 'relay'] as const
export type WayChoice = (typeof WAYS)[number]

export const readWayChoice = (value: unknown): WayChoice | undefined => WAYS.find((known) => known === value)

/** Of a command that takes none; what is there is for later versions. */
const nothing = (): object => ({})

/** Each command's reader: undefined where the arguments are not such as the command takes. */
export const COMMANDS = {
  /** Switches the camera's light. */
  light: flag('on'),
  /** How the picture is sent. */
  way(args: unknown): { readonly choice: WayChoice } | undefined {
    const choice = readWayChoice(isRecord(args) ? args['choice'] : undefined)
    return choice === undefined ? undefined : { choice }
  },
  /** Takes a photo at full resolution, which then comes as the transfer that the result names (web/lib/stills). */
  photo: nothing,
} as const

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
  const { code, message } = isRecord(error) ? error : {}
  return new CommandFault(
    FAULT_CODES.find((known) => known === code) ?? 'failed',
    typeof message === 'string' && message !== ''
      ? message.slice(0, MAX_FAULT)
      : 'The camera could not do it.',
  )
}
