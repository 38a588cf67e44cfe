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

/** Given by the platform, never by a person. */
const PLATFORM = ['RENDER_EXTERNAL_URL', 'RAILWAY_PUBLIC_DOMAIN']

test('.env.example names the variables of docs/SPEC.md, section 2, and no others', () => {
  const section = /^## 2\. Configuration$(.*?)^## 3\./ms.exec(read('docs/SPEC.md'))?.[1] ?? ''
  const named = [...section.matchAll(/`([A-Z_]+)`/g)].map(([, name = '']) => name)
  expect(named.length).toBeGreaterThan(20)
  expect(new Set([...Object.keys(example), ...PLATFORM])).toEqual(new Set(named))
})
