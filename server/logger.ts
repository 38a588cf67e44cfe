import { pino, type Logger } from 'pino'
import pretty from 'pino-pretty'

/** Lines of JSON for machines; on a terminal, where nobody runs in production, lines for people. */
export function createLogger(options: { level: string; instance?: string; forPeople: boolean }): Logger {
  const base = options.instance === undefined ? {} : { instance: options.instance }
  if (!options.forPeople) return pino({ level: options.level, base })
  return pino(
    { level: options.level, base },
    pretty({ sync: true, ignore: 'pid,hostname', translateTime: 'HH:MM:ss' }),
  )
}
