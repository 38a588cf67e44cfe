/** What the Dockerfile says, as far as tests ask for it. There is no engine to ask instead. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export interface Instruction {
  /** In capitals, such as `RUN`. */
  readonly name: string
  /** What follows it, on one line. */
  readonly text: string
}

export interface Copy {
  /** The stage it copies from; absent: the context. */
  readonly from: string | undefined
  readonly sources: readonly string[]
  readonly target: string
}

export interface Stage {
  readonly image: string
  readonly alias: string | undefined
  readonly instructions: readonly Instruction[]
}

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8')

function stagesOf(dockerfile: string): Stage[] {
  const lines = dockerfile
    .split('\n')
    .filter((line) => !/^\s*(#|$)/.test(line))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
  const stages: { image: string; alias: string | undefined; instructions: Instruction[] }[] = []
  for (const line of lines) {
    const [, name = '', text = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? []
    if (name === 'FROM') {
      const [image = '', , alias] = text.split(/\s+/)
      stages.push({ image, alias, instructions: [] })
    } else {
      const stage = stages.at(-1)
      if (name === '' || !stage) throw new Error(`no instruction of a stage: ${line}`)
      stage.instructions.push({ name, text })
    }
  }
  return stages
}

/** The stages of the project's Dockerfile; the last one is the image. */
export const projectStages = (): Stage[] => stagesOf(read('Dockerfile'))

export const textsOf = (stage: Stage, name: string): string[] =>
  stage.instructions.filter((instruction) => instruction.name === name).map(({ text }) => text)

export function copiesOf(stage: Stage): Copy[] {
  return textsOf(stage, 'COPY').map((text) => {
    const words = text.split(/\s+/)
    const [flag = ''] = words
    const from = /^--from=(.+)$/.exec(flag)?.[1]
    const paths = flag.startsWith('--') ? words.slice(1) : words
    return { from, sources: paths.slice(0, -1), target: paths.at(-1) ?? '' }
  })
}

/** A command in the exec form, which is a JSON array; the shell form throws. */
export function execForm(text: string): string[] {
  const command: unknown = JSON.parse(text)
  if (!Array.isArray(command) || !command.every((part) => typeof part === 'string'))
    throw new Error(`no exec form: ${text}`)
  return command
}

/** What the health check of a stage runs. */
export function healthCommand(stage: Stage): string[] {
  const [text = '', ...more] = textsOf(stage, 'HEALTHCHECK')
  const command = /\bCMD (\[.*\])$/.exec(text)?.[1]
  if (command === undefined || more.length > 0) throw new Error('not one health check in the exec form')
  return execForm(command)
}

/** `.dockerignore`: the last line that matches a path or a folder above it decides. */
export function ignored(path: string, rules: string = read('.dockerignore')): boolean {
  const parts = path.split('/')
  const names = parts.map((_part, index) => parts.slice(0, index + 1).join('/'))
  let result = false
  for (const line of rules.split('\n').map((text) => text.trim())) {
    if (line === '' || line.startsWith('#')) continue
    const keeps = line.startsWith('!')
    const expression = line
      .slice(keeps ? 1 : 0)
      .replace(/^\/|\/$/g, '')
      .replaceAll(/[.+^$(){}|[\]]/g, String.raw`\$&`)
      .replaceAll(/\*\*\/|\*\*|\*|\?/g, (wild) =>
        wild === '**/' ? '(?:.*/)?' : wild === '**' ? '.*' : wild === '*' ? '[^/]*' : '[^/]',
      )
    if (names.some((name) => new RegExp(`^${expression}$`).test(name))) result = !keeps
  }
  return result
}
