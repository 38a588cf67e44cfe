import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  root: here('.'),
  appType: 'mpa',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
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
      },
    },
  },
})
