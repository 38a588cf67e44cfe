import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { defineConfig, type Plugin } from 'vite'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Smaller files gain nothing from it. Bytes. */
const WORTH_COMPRESSING = 1_024

/** Writes each text asset compressed beside itself, so that the server spends no time on it. */
const compressed = (): Plugin => {
  let folder = ''
  return {
    name: 'compressed-assets',
    apply: 'build',
    configResolved: (config) => {
      folder = config.build.outDir
    },
    closeBundle: (error?: Error) => {
      if (error !== undefined) return
      for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
        if (!/\.(js|css|svg|html|webmanifest|wasm)$/.test(name)) continue
        const content = readFileSync(join(folder, name))
        if (content.length < WORTH_COMPRESSING) continue
        writeFileSync(join(folder, `${name}.br`), brotliCompressSync(content))
        writeFileSync(join(folder, `${name}.gz`), gzipSync(content, { level: 9 }))
      }
    },
  }
}

export default defineConfig({
  root: here('.'),
  appType: 'mpa',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  plugins: [compressed()],
  build: {
    outDir: here('../dist/web'),
    emptyOutDir: true,
    target: ['chrome109', 'firefox115', 'safari16.4'],
    // A strict CSP refuses data: scripts, and a cached file beats an inlined one on the next visit.
    assetsInlineLimit: 0,
    rolldownOptions: {
      input: {
        dashboard: here('dashboard/index.html'),
        phone: here('phone/index.html'),
        trust: here('trust/index.html'),
        viewer: here('viewer/index.html'),
      },
    },
  },
})
