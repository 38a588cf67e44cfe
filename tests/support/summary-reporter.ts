import { writeSync } from 'node:fs'
import type { Reporter, TestModule } from 'vitest/node'

const STDOUT = 1

/**
 * Ends a run with one plain line, `N passed, N failed` (and `, N skipped` where some were): for whoever
 * counts without reading vitest's own summary. A file that did not load and an error outside every test
 * each count as one failure, so that the line cannot look better than the run was.
 */
export default class SummaryReporter implements Reporter {
  #counts = { passed: 0, failed: 0, skipped: 0 }

  onInit(): void {
    // Written on the way out: vitest's own summary comes before, whatever the order of the reporters.
    process.once('exit', () => {
      const { passed, failed, skipped } = this.#counts
      writeSync(STDOUT, `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`)
    })
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const counts = { passed: 0, failed: unhandled.length, skipped: 0 }
    for (const module of modules) {
      let failed = 0
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'passed') counts.passed += 1
        else if (state === 'skipped') counts.skipped += 1
        // `pending` at the end of a run: it was never finished.
        else failed += 1
      }
      const brokenSuites = [...module.children.allSuites()].filter(
        (suite) => suite.errors().length > 0,
      ).length
      counts.failed += failed + brokenSuites + (module.errors().length > 0 ? 1 : 0)
      if (failed === 0 && brokenSuites === 0 && module.errors().length === 0 && !module.ok())
        counts.failed += 1
    }
    this.#counts = counts
  }
}
