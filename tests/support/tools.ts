/** What the tests need from the system, and where it is. */
import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

interface Tool {
  /** Names it may have; the first that is found counts. */
  readonly commands: readonly string[]
  /** Environment variable that names its path and wins over the search. */
  readonly variable: string
  /** Debian packages that bring it. */
  readonly packages: readonly string[]
  /** What it is for, as the end of a sentence. */
  readonly purpose: string
}

export const TOOLS = {
  chromium: {
    commands: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
    variable: 'CHROMIUM_PATH',
    // Without a font the browser draws boxes, and a page without text has another layout.
    packages: ['chromium', 'fonts-liberation'],
    purpose: 'opens the pages',
  },
  firefox: {
    commands: ['firefox-esr', 'firefox'],
    variable: 'FIREFOX_PATH',
    packages: ['firefox-esr'],
    purpose: 'opens the pages too',
  },
  webkit: {
    commands: ['WebKitWebDriver'],
    variable: 'WEBKIT_DRIVER_PATH',
    packages: ['webkit2gtk-driver'],
    purpose: 'drives WebKit, which opens the pages too',
  },
  xvfb: {
    commands: ['Xvfb'],
    variable: 'XVFB_PATH',
    packages: ['xvfb'],
    purpose: 'is the screen of WebKit',
  },
  turn: {
    commands: ['turnserver'],
    variable: 'TURNSERVER_PATH',
    packages: ['coturn'],
    purpose: 'is the TURN server',
  },
  redis: {
    commands: ['redis-server'],
    variable: 'REDIS_SERVER_PATH',
    packages: ['redis-server'],
    purpose: 'is the shared store',
  },
  openssl: {
    commands: ['openssl'],
    variable: 'OPENSSL_PATH',
    packages: ['openssl'],
    purpose: 'judges the certificates',
  },
  certutil: {
    commands: ['certutil'],
    variable: 'CERTUTIL_PATH',
    packages: ['libnss3-tools'],
    purpose: 'makes Chromium trust the local authority',
  },
  haproxy: {
    commands: ['haproxy'],
    variable: 'HAPROXY_PATH',
    packages: ['haproxy'],
    purpose: 'is the balancer of the compose file',
  },
} as const satisfies Record<string, Tool>

export type ToolName = keyof typeof TOOLS

/** Folders of administration tools that a plain user's PATH may lack. */
const MORE_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin']

const isExecutable = (path: string): boolean => {
  if (!existsSync(path)) return false
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Path of a tool, or undefined where it is not installed (or its variable names nothing executable). */
export function findTool(name: ToolName): string | undefined {
  const { commands, variable }: Tool = TOOLS[name]
  const given = process.env[variable]
  if (given) return isExecutable(given) ? given : undefined
  const folders = [...(process.env['PATH'] ?? '').split(delimiter).filter(Boolean), ...MORE_FOLDERS]
  return commands.flatMap((command) => folders.map((folder) => join(folder, command))).find(isExecutable)
}

/** Path of a tool. Throws one sentence with the mend where it is missing. */
export function toolPath(name: ToolName): string {
  const path = findTool(name)
  if (path !== undefined) return path
  throw new Error(missing([name]))
}

/** The names of the tools that are not there. */
export function missingTools(): ToolName[] {
  return (Object.keys(TOOLS) as ToolName[]).filter((name) => findTool(name) === undefined)
}

/** One sentence that says what is missing, why, and the mend. */
export function missing(names: readonly ToolName[]): string {
  const each = names.map((name) => {
    const { variable, purpose }: Tool = TOOLS[name]
    const given = process.env[variable]
    return given ? `${name} (${variable}=${given} is not executable)` : `${name} (${purpose})`
  })
  return `The tests need ${each.join(', ')}: run \`npm run test:setup\`.`
}
