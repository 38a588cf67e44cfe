/** What the phone's page knows before the tap: the problem above the button, and every check on demand. */
import { computed, useSignal, type ReadonlySignal } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { createApi } from '../../lib/api.ts'
import { thisBrowser } from '../../lib/browser.ts'
import { Button, type ButtonLook } from '../../lib/ui/button.tsx'
import { copyText } from '../../lib/ui/copy-text.tsx'
import { Notice, type Mend } from '../../lib/ui/notice.tsx'
import { createChecks, type Checks } from './checks.ts'
import { CHECKS, firstProblem, type Problem } from './findings.ts'
import { chromeLink } from './in-app.ts'
import { MARKS, reportText } from './report.ts'
import './preflight.css'

export interface Preflight {
  /** The camera cannot start here, whatever the person allows. */
  readonly stops: ReadonlySignal<boolean>
  /** What stops the camera, with its mend; nothing where nothing does. */
  readonly ProblemNotice: () => JSX.Element | null
  /** `Check this phone`: every check with its finding, and a text for whoever helps. */
  readonly CheckList: () => JSX.Element
  dispose(): void
}

/** A button that copies, and says so for a moment; where the browser refuses, the text is shown to be copied by hand. */
function CopyButton({ label, text, look = 'quiet' }: { label: string; text: string; look?: ButtonLook }) {
  const state = useSignal<'ready' | 'copied' | 'refused'>('ready')
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const line = useRef<HTMLPreElement>(null)
  useEffect(() => () => clearTimeout(timer.current), [])
  const press = async () => {
    state.value = (await copyText(text, line.current)) ? 'copied' : 'refused'
    clearTimeout(timer.current)
    if (state.value === 'refused') return
    timer.current = setTimeout(() => {
      state.value = 'ready'
    }, 2_000)
  }
  const copied = state.value === 'copied'
  return (
    <>
      <Button look={look} onClick={() => void press()}>
        {copied ? 'Copied' : label}
      </Button>
      <span class="visually-hidden" role="status">
        {copied ? 'Copied' : ''}
      </span>
      <pre
        ref={line}
        class={state.value === 'refused' ? 'copied-text' : 'visually-hidden'}
        aria-hidden={state.value !== 'refused'}
      >
        {text}
      </pre>
    </>
  )
}

function Said({ problem, checks }: { problem: Problem; checks: Checks }) {
  const { os } = thisBrowser()
  const again: Mend = { label: 'Check again', run: checks.run }
  const chrome: Mend = { label: 'Open in Chrome', run: () => location.assign(chromeLink(location.href)) }
  const mend = problem.action === 'again' ? again : undefined
  return (
    <div class="preflight-problem" data-problem={problem.kind}>
      <Notice
        title={problem.title}
        tone={problem.stops ? 'danger' : 'caution'}
        mend={problem.action === 'elsewhere' && os === 'Android' ? chrome : mend}
      >
        <p>{problem.mend}</p>
        {problem.action === 'elsewhere' && <CopyButton label="Copy the address" text={location.href} />}
      </Notice>
    </div>
  )
}

function List({ checks }: { checks: Checks }) {
  const findings = checks.findings.value
  return (
    <ul class="preflight-list">
      {CHECKS.map((name) => {
        const finding = findings.get(name)
        return (
          <li key={name} data-check={name} data-verdict={finding?.verdict ?? 'running'}>
            <span class="preflight-mark" aria-hidden="true">
              {finding ? MARKS[finding.verdict] : '…'}
            </span>
            <span>
              {finding?.words ?? 'Checking'}
              {finding?.mend && <span class="preflight-mend">{finding.mend}</span>}
            </span>
          </li>
        )
      })}
    </ul>
  )
}

/**
 * @param when `now`: checks at once; `asked`: when the list is opened, where the page already says what is wrong
 */
export const openPreflight = (when: 'now' | 'asked'): Preflight => {
  const checks = createChecks(createApi())
  const problem = computed(() => firstProblem(checks.findings.value))
  let ran = when === 'now'
  if (ran) checks.run()
  const opened = () => {
    if (!ran) checks.run()
    ran = true
  }
  return {
    stops: computed(() => problem.value?.stops === true),
    ProblemNotice: () => (problem.value ? <Said problem={problem.value} checks={checks} /> : null),
    CheckList: () => (
      <details class="preflight" onToggle={opened}>
        <summary>Check this phone</summary>
        <List checks={checks} />
        <div class="preflight-deeds">
          <CopyButton
            label="Copy for support"
            text={reportText({
              findings: checks.findings.value,
              href: location.href,
              userAgent: navigator.userAgent,
              at: new Date(),
            })}
          />
          <Button onClick={checks.run}>Check again</Button>
        </div>
      </details>
    ),
    dispose: checks.dispose,
  }
}
