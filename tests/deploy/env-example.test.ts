import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseEnv } from 'node:util'
import { expect, test } from 'vitest'
import { configFrom } from '../../server/config.ts'

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8')
const example = parseEnv(read('.env.example').replaceAll(/^#(?=[A-Z_]+=)/gm, ''))

test('.env.example shows the defaults: taken as it stands, it changes nothing', () => {
  expect(configFrom(example)).toEqual(configFrom({}))
})

test('.env.example is all comments: a copy of it sets nothing', () => {
  expect(parseEnv(read('.env.example'))).toEqual({})
})

test('.env.example names the variables of docs/SPEC.md, section 2, and no others', () => {
  const section = /^## 2\. Configuration$(.*?)^## 3\./ms.exec(read('docs/SPEC.md'))?.[1] ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('| `'))
  // Only the first column: the others mention the platforms' own.
  const named = rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([A-Z_]+)`/g)].map(([, name = '']) => name))
  expect(named.length).toBeGreaterThan(20)
  expect(new Set(Object.keys(example))).toEqual(new Set(named))
})
