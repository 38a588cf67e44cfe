/** So many at once is more than any backend serves in one step. */
export const CROWD = 50
/** Texts that a backend could take for something else: numbers, JSON, protocol, several bytes a character. */
export const ODD_TEXTS = [
  '123456',
  '007',
  '1e3',
  '-0',
  'null',
  'true',
  '',
  ' ',
  '{"v":1}',
  '["GET","k"]',
  '"quoted"',
  'line\r\nbreak',
  '\0',
  'ключ 🔑 é\u0301',
  '%2F/../?#&',
  '__proto__',
  'constructor',
  '\u2028',
  'x'.repeat(64 * 1024),
]
