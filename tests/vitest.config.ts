import { fileURLToPath } from 'node:url'
import { configDefaults, defineConfig } from 'vitest/config'
import SummaryReporter from './support/summary-reporter.ts'

/** These start processes and browsers: one file at a time, or they measure each other. */
const HEAVY = ['tests/system/**/*.test.ts', 'tests/browser/**/*.test.ts']

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  test: {
    passWithNoTests: false,
    allowOnly: false,
    restoreMocks: true,
    unstubGlobals: true,
    reporters: ['default', new SummaryReporter()],
    projects: [
      {
        extends: true,
        test: {
          name: 'fast',
          include: ['tests/**/*.test.{ts,tsx}'],
          exclude: [...configDefaults.exclude, ...HEAVY],
          testTimeout: 10_000,
          hookTimeout: 10_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'heavy',
          include: HEAVY,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
          // After the fast ones, so that a mistake they can find is not waited for.
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
