/** Reports in browser mode: shown in a tab of the browser, printed by a Chromium of this machine. */
import { randomBytes } from 'node:crypto'
import { basename } from 'node:path'
import type { ReportFormat } from '#contract/reports.ts'
import type { ReportDesk } from '../application/reports/report-desk.ts'
import { chromiumPrinter } from './chromium-printer.ts'

export interface ShownReport {
  readonly path: string
  readonly fileName: string
  readonly contentType: string
}

export interface BrowserReportDesk extends ReportDesk {
  /** For the server; null when there is none under this id. The same until the console ends: a tab may be loaded again. */
  fileOf(id: string): ShownReport | null
}

/** Of the tabs opened in this run; the oldest are forgotten. */
const MOST_SHOWN = 200

const TYPES: Record<ReportFormat, string> = {
  html: 'text/html; charset=utf-8',
  pdf: 'application/pdf',
  csv: 'text/csv; charset=utf-8'
}

export function browserReportDesk(findBrowser: () => string | null): BrowserReportDesk {
  const shown = new Map<string, ShownReport>()
  return {
    printer: chromiumPrinter(findBrowser),
    chooseFolder: null,
    async open(path, format) {
      const id = randomBytes(24).toString('base64url')
      shown.set(id, { path, fileName: basename(path), contentType: TYPES[format] })
      for (const oldest of shown.keys()) {
        if (shown.size <= MOST_SHOWN) break
        shown.delete(oldest)
      }
      return `/report/${id}`
    },
    fileOf: (id) => shown.get(id) ?? null
  }
}
