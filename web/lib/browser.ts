/** Which browser this is, as far as the words to its user depend on it. */
export interface Browser {
  readonly name: string
  readonly os: 'iOS' | 'Android' | 'other'
}

/** Reads a user agent text; an unknown one gives the words "this browser". */
export const readBrowser = (userAgent: string, touchPoints = 0): Browser => {
  // An iPad asks for desktop pages and calls itself a Mac, but only it has touch.
  const ios = /iPhone|iPad|iPod/.test(userAgent) || (/Macintosh/.test(userAgent) && touchPoints > 1)
  const os = ios ? 'iOS' : /Android/.test(userAgent) ? 'Android' : 'other'
  const names: readonly (readonly [RegExp, string])[] = [
    [/SamsungBrowser/, 'Samsung Internet'],
    [/EdgA?\/|EdgiOS/, 'Edge'],
    [/OPR\/|OPT\//, 'Opera'],
    [/FxiOS|Firefox/, 'Firefox'],
    [/CriOS|Chrome/, 'Chrome'],
    [/Safari/, 'Safari'],
  ]
  return { name: names.find(([pattern]) => pattern.test(userAgent))?.[1] ?? 'this browser', os }
}

export const thisBrowser = (): Browser => readBrowser(navigator.userAgent, navigator.maxTouchPoints)
