/** A report's data laid out, section by section. */
import type { Block, ReportDocument } from '../../domain/reports/document.ts'
import { quantity } from '../../domain/reports/quantity.ts'
import type { ReportData } from './report-data.ts'
import type { AlertsOfPeriod } from './report-sources.ts'
import { momentText, periodText, titleText, words, zoneText } from './report-words.ts'
import { serverSections } from './server-sections.ts'
import { summarySection } from './summary-section.ts'
import {
  alertsSection,
  busySection,
  gpuSection,
  serversSection,
  statisticsSection
} from './table-sections.ts'

export interface ReportMeta {
  readonly madeAtMs: number
  readonly version: string
  readonly demo: boolean
  readonly alertWords: Pick<AlertsOfPeriod, 'words'>
}

/** Title and period of a report, as they stand on it: for the subject of an e-mail too. */
export function reportHeadline(data: Pick<ReportData, 'kind' | 'span' | 'zone' | 'complete'>): {
  title: string
  subtitle: string
} {
  const text = periodText(data.kind, data.span, data.zone)
  return { title: titleText(data.kind), subtitle: data.complete ? text : words.soFar(text) }
}

export function reportDocument(data: ReportData, meta: ReportMeta): ReportDocument {
  const { zone, figures, before, kind, spanBefore, span, coverageRatio } = data
  const said = words.facts
  return {
    ...reportHeadline(data),
    brand: meta.demo ? words.demo : words.brand,
    facts: [
      [said.servers, String(figures.servers.length)],
      [said.coverage, words.coverage(quantity('ratio', coverageRatio))],
      [said.compared, before === null ? words.notComparable : periodText(kind, spanBefore, zone)],
      [said.zone, zoneText(span.fromAtMs, zone)],
      [said.made, momentText(meta.madeAtMs, zone)],
      [said.version, `Virthelm ${meta.version}`]
    ],
    words: words.layout,
    blocks: { [Symbol.iterator]: () => blocks(data, meta) }
  }
}

function* blocks(data: ReportData, meta: ReportMeta): Generator<Block> {
  const { sections } = words
  const hasGpus = data.figures.servers.some(({ gpus }) => gpus.length > 0)
  yield {
    kind: 'contents',
    links: [
      { id: 'summary', text: sections.summary },
      { id: 'servers', text: sections.servers },
      { id: 'statistics', text: sections.statistics },
      { id: 'busy', text: sections.busy },
      ...(hasGpus ? [{ id: 'gpus', text: sections.gpus }] : []),
      { id: 'alerts', text: sections.alerts },
      ...(data.figures.servers.length > 0 ? [{ id: 'each', text: sections.each }] : []),
      { id: 'method', text: sections.method }
    ]
  }
  yield* summarySection(data)
  yield* serversSection(data)
  yield* statisticsSection(data)
  yield* busySection(data)
  yield* gpuSection(data)
  yield* alertsSection(data, meta.alertWords)
  yield* serverSections(data)
  yield { kind: 'section', id: 'method', text: sections.method }
  for (const text of words.method(data.trends.step)) yield { kind: 'text', text }
}
