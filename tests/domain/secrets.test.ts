import { expect, test } from 'vitest'
import { randomSecret, sameText, Secrets } from '../../server/domain/secrets.ts'
import { CODE_ALPHABET, CODE_LENGTH } from '../../server/protocol/limits.ts'
import { APP_SECRET } from './support.ts'

const secrets = new Secrets(APP_SECRET)
const MANY = 20_000
const forms = Array.from({ length: MANY }, (_, index) => secrets.typedForm(`secret ${index}`))

/** Pearson's statistic of counts that should all be alike. */
function chiSquare(values: readonly string[], kinds: readonly string[]): number {
  const counts = new Map(kinds.map((kind) => [kind, 0]))
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  expect(counts.size).toBe(kinds.length)
  const expected = values.length / kinds.length
  return [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
}

test('[PAIR-4] the secret in the QR has 128 random bits and never comes twice', () => {
  const made = Array.from({ length: 2_000 }, randomSecret)
  expect(new Set(made).size).toBe(made.length)
  for (const secret of made) {
    expect(secret).toMatch(/^[\w-]{22}$/)
    expect(Buffer.from(secret, 'base64url')).toHaveLength(16)
  }
  // Each of the 128 bits is set in about half of them: 2,000 throws stay within 200 of 1,000 but once in 10^18.
  for (let bit = 0; bit < 128; bit += 1) {
    const set = made.filter(
      (secret) => ((Buffer.from(secret, 'base64url')[bit >> 3] ?? 0) >> (bit & 7)) & 1,
    ).length
    expect(Math.abs(set - 1_000)).toBeLessThan(200)
  }
})

test('[PAIR-4] the typed form is eight letters of the alphabet', () => {
  expect(CODE_ALPHABET).toBe('BCDFGHJKLMNPQRSTVWXZ')
  for (const form of forms) expect(form).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{8}$/)
})

test('[PAIR-4] each letter is equally likely at each place', () => {
  const letters = CODE_ALPHABET.split('')
  // 19 degrees of freedom: above 72 once in 10^7. Letters drawn by `byte % 20` would give over 150.
  expect(chiSquare(forms.join('').split(''), letters)).toBeLessThan(72)
  for (let place = 0; place < CODE_LENGTH; place += 1) {
    expect(
      chiSquare(
        forms.map((form) => form.charAt(place)),
        letters,
      ),
    ).toBeLessThan(72)
  }
})

test('[PAIR-4] neighbouring letters do not depend on each other', () => {
  const pairs = CODE_ALPHABET.split('').flatMap((first) =>
    CODE_ALPHABET.split('').map((second) => first + second),
  )
  const seen = forms.flatMap((form) => [
    form.slice(0, 2),
    form.slice(2, 4),
    form.slice(4, 6),
    form.slice(6, 8),
  ])
  // 399 degrees of freedom: above 560 once in 10^7.
  expect(chiSquare(seen, pairs)).toBeLessThan(560)
})

test('[PAIR-4] the typed form follows from the secret and the key alone, and differs between secrets and keys', () => {
  expect(new Secrets(APP_SECRET).typedForm('secret 7')).toBe(forms[7])
  expect(new Secrets(`${APP_SECRET}.`).typedForm('secret 7')).not.toBe(forms[7])
  // Of 20,000 out of 2.56 * 10^10 two are alike once in a hundred times; these are fixed and are not.
  expect(new Set(forms).size).toBe(MANY)
})

test('[PAIR-8] a hash depends on key, purpose and text, and gives none of them away', () => {
  const hash = secrets.hash('token', 'room.session.secret')
  expect(hash).toMatch(/^[\w-]{22}$/)
  expect(secrets.hash('token', 'room.session.secret')).toBe(hash)
  expect(new Secrets('another-app-secret-012345').hash('token', 'room.session.secret')).not.toBe(hash)
  expect(secrets.hash('claim', 'room.session.secret')).not.toBe(hash)
  expect(secrets.hash('token', 'room.session.secret2')).not.toBe(hash)
})

test('[PAIR-8] texts of different purposes never meet, however they are cut', () => {
  expect(secrets.hash('code', 'x')).not.toBe(secrets.hash('code', '\0x'))
  const purposes = ['token', 'code', 'scanned', 'typed', 'check', 'address', 'claim'] as const
  expect(new Set(purposes.map((purpose) => secrets.hash(purpose, 'same'))).size).toBe(purposes.length)
})

test('[PAIR-5] a check number has two digits, belongs to one claim and is equally likely anywhere from 10 to 99', () => {
  const numbers = Array.from({ length: MANY }, (_, index) => secrets.checkNumber(`claim ${index}`))
  expect(secrets.checkNumber('claim 3')).toBe(numbers[3])
  const all = Array.from({ length: 90 }, (_, index) => String(index + 10))
  // 89 degrees of freedom: above 170 once in 10^6.
  expect(chiSquare(numbers, all)).toBeLessThan(170)
})

test('texts are compared whole', () => {
  expect(sameText('abc', 'abc')).toBe(true)
  expect(sameText('abc', 'abd')).toBe(false)
  expect(sameText('abc', 'ab')).toBe(false)
  expect(sameText('', '')).toBe(true)
  // As many letters, but not as many bytes.
  expect(sameText('é', 'e')).toBe(false)
})
