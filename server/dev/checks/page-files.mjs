import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

const TAG = /<(script|link)\b[^>]*>/g
const attribute = (tag, name) => new RegExp(`\\s${name}=["']?([^"'\\s>]+)`).exec(tag)?.[1]
/** Static imports and re-exports in built code; `import(` is left out: it loads when it is called. */
const STATIC_IMPORT = /(?:\bfrom|\bimport)\s*["'](\.{0,2}\/[^"']+\.js)["']/g

/**
 * The scripts and style sheets a built page loads by itself: what its HTML names (scripts, preloads, style
 * sheets) and what those scripts import statically, however deep.
 * @param {string} dist folder of the built pages
 * @param {string} page path of the page's HTML, from `dist`
 * @returns {string[]} absolute paths, each once
 * @throws where the page names no script, or a file that is not there
 */
export const pageFiles = (dist, page) => {
  const html = readFileSync(join(dist, page), 'utf8')
  const at = (url, from) => (url.startsWith('/') ? join(dist, url) : resolve(dirname(from), url))
  const named = [...html.matchAll(TAG)].flatMap(([tag, kind]) => {
    const wanted = kind === 'script' || /\srel=["']?(modulepreload|preload|stylesheet)/.test(tag)
    const url = wanted ? attribute(tag, kind === 'script' ? 'src' : 'href') : undefined
    return url && /\.(js|css)$/.test(url) ? [at(url, join(dist, page))] : []
  })
  if (!named.some((file) => file.endsWith('.js')))
    throw new Error(`${page} loads no script: nothing to measure`)

  const files = new Set()
  const visit = (file) => {
    if (files.has(file)) return
    if (!existsSync(file)) throw new Error(`${page} loads ${file}, which is not there`)
    files.add(file)
    if (!file.endsWith('.js')) return
    for (const [, url] of readFileSync(file, 'utf8').matchAll(STATIC_IMPORT)) visit(at(url, file))
  }
  named.forEach(visit)
  return [...files]
}
