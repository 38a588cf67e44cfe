import { CODE_ALPHABET, CODE_LENGTH } from '../../server/protocol/limits.ts'

/** The letters of a typed or pasted code: any case, spaces and dashes left out [PAIR-4]. */
export const readTypedCode = (text: string): string =>
  [...text.toUpperCase()]
    .filter((letter) => CODE_ALPHABET.includes(letter))
    .join('')
    .slice(0, CODE_LENGTH)
