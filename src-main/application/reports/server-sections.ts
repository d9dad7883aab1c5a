/** Each server with its own lines and pies. */
import type { ServerFigures } from '#contract/fleet-figures.ts'
import type { Block, Chart, LineChart } from '../../domain/reports/document.ts'
import { quantity } from '../../domain/reports/quantity.ts'
import type { ReportData, Trend } from './report-data.ts'
import { words } from './report-words.ts'
import { pies } from './summary-section.ts'
import { serverAnchor } from './table-sections.ts'
import { timeTicks } from './time-ticks.ts'

export function* serverSections(data: ReportData): Generator<Block> {
  if (data.figures.servers.length === 0) return
  yield { kind: 'section', id: 'each', text: words.sections.each, newPage: true }
  const base = {
    edgesAtMs: data.trends.edgesAtMs,
    ticks: timeTicks(data.trends.edgesAtMs, data.zone)
  }
  for (const server of data.figures.servers) {
    yield { kind: 'server', id: serverAnchor(server.serverId), text: server.name, note: noteOf(data, server) }
    const trend = data.trends.byServer.get(server.serverId)
    if (trend !== undefined) yield { kind: 'charts', charts: chartsOf(server, trend, base) }
  }
}

function noteOf(data: ReportData, server: ServerFigures): string {
  const stored = data.servers.get(server.serverId)
  const threads = stored?.facts?.cpuThreads ?? null
  const facts = [
    server.location,
    stored?.record.connection.host ?? '',
    stored?.facts?.distribution ?? '',
    threads === null ? '' : words.server.threads(threads),
    server.gpus.length === 0 ? '' : words.server.gpus(server.gpus.length),
    words.server.measured(quantity('ratio', server.coverageRatio))
  ]
  return words.server.note(facts.filter((fact) => fact !== ''))
}

type Base = Pick<LineChart, 'edgesAtMs' | 'ticks'>

function chartsOf(server: ServerFigures, trend: Trend, base: Base): Chart[] {
  const said = words.charts
  const lines = (title: string, note: string, chart: Pick<LineChart, 'unit' | 'max' | 'series'>): Chart => ({
    kind: 'lines',
    title,
    note,
    lines: { ...base, ...chart }
  })
  const has = (values: readonly (number | null)[]): boolean => values.some((value) => value !== null)
  const mean = (text: string): string => said.meanOf(text)
  const memoryNote =
    server.memoryTotalBytes === null ? '' : said.ofTotal(quantity('bytes', server.memoryTotalBytes))
  const diskNote =
    server.diskTotalBytes === null ? '' : said.ofTotal(quantity('bytes', server.diskTotalBytes))
  return [
    lines(said.cpu, mean(quantity('ratio', server.cpuUsedRatio.mean)), {
      unit: 'ratio',
      max: null,
      series: [{ name: said.cpu, values: trend.cpuUsedRatio }]
    }),
    lines(said.memory, memoryNote, {
      unit: 'bytes',
      max: server.memoryTotalBytes,
      series: [{ name: said.memory, values: trend.memoryUsedBytes }]
    }),
    lines(said.disk, diskNote, {
      unit: 'ratio',
      max: 1,
      series: [{ name: said.disk, values: trend.diskUsedRatio }]
    }),
    lines(said.network, '', {
      unit: 'bitsPerSec',
      max: null,
      series: [
        { name: said.received, values: trend.netRxBytesPerSec },
        { name: said.sent, values: trend.netTxBytesPerSec }
      ]
    }),
    ...(has(trend.gpuMemoryFreeBytes)
      ? [
          lines(said.gpu, gpuNote(server), {
            unit: 'bytes' as const,
            max: gpuTotal(server),
            series: [{ name: said.gpu, values: trend.gpuMemoryFreeBytes }]
          })
        ]
      : []),
    ...(has(trend.powerWatts)
      ? [
          lines(said.power, mean(quantity('watts', server.powerWatts.mean)), {
            unit: 'watts' as const,
            max: null,
            series: [{ name: said.power, values: trend.powerWatts }]
          })
        ]
      : []),
    ...pies([server])
  ]
}

/** null where one card does not tell its memory. */
function gpuTotal({ gpus }: ServerFigures): number | null {
  let total = 0
  for (const { memoryTotalBytes } of gpus) {
    if (memoryTotalBytes === null) return null
    total += memoryTotalBytes
  }
  return total > 0 ? total : null
}

function gpuNote(server: ServerFigures): string {
  const total = gpuTotal(server)
  return total === null ? '' : words.charts.ofTotal(quantity('bytes', total))
}
