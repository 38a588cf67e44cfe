/** What a person sends to whoever helps: the findings and the browser, and nothing that lets anybody in. */
import { CHECKS, type CheckName, type Finding, type Verdict } from './findings.ts'

/** `–` where it is neither good nor bad. */
export const MARKS: Readonly<Record<Verdict, string>> = { good: '✓', fair: '–', bad: '✗', unknown: '–' }

export interface ReportNeeds {
  readonly findings: ReadonlyMap<CheckName, Finding>
  /** Address of the page; what stands behind `?` and `#` is left out, the code among it. */
  readonly href: string
  readonly userAgent: string
  readonly at: Date
}

export const reportText = ({ findings, href, userAgent, at }: ReportNeeds): string => {
  const { origin, pathname } = new URL(href)
  return [
    'Pairlens, check of a phone',
    ...CHECKS.map((name) => {
      const finding = findings.get(name)
      return finding ? `${MARKS[finding.verdict]} ${finding.words}` : `– ${name}: not finished`
    }),
    `Page: ${origin}${pathname}`,
    `Browser: ${userAgent}`,
    `Time: ${at.toISOString()}`,
  ].join('\n')
}
