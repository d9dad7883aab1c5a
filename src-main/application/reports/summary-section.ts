/** The first page: the whole fleet in figures, lines and pies. */
import type { Figures, FleetFigures, ServerFigures } from '#contract/fleet-figures.ts'
import type { Block, Chart, LineChart, Tile } from '../../domain/reports/document.ts'
import { change, quantity, type ReportUnit } from '../../domain/reports/quantity.ts'
import type { ReportData, TrendMetric } from './report-data.ts'
import { timeTicks } from './time-ticks.ts'
import { words } from './report-words.ts'

/** Mean of the known ones; null = none is known. */
export function meanOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length
}

export function sumOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0)
}

type FiguresKey = {
  [K in keyof ServerFigures]: ServerFigures[K] extends Figures ? K : never
}[keyof ServerFigures]

/** The figures of the whole fleet: means of the servers' means, sums of their amounts. */
export const fleetMean = (figures: FleetFigures | null, key: FiguresKey): number | null =>
  meanOf((figures?.servers ?? []).map((server) => server[key].mean))

export const fleetSum = (
  figures: FleetFigures | null,
  key: 'netRxBytes' | 'netTxBytes' | 'energyWattHours'
): number | null => sumOf((figures?.servers ?? []).map((server) => server[key]))

export function* summarySection(data: ReportData): Generator<Block> {
  yield { kind: 'section', id: 'summary', text: words.sections.summary }
  yield { kind: 'tiles', tiles: tiles(data) }
  if (data.figures.servers.length === 0) return
  yield { kind: 'charts', charts: fleetCharts(data) }
}

function tiles(data: ReportData): Tile[] {
  const { figures, before } = data
  const all = figures.servers.length
  const said = words.tiles
  const share = (label: string, key: FiguresKey): Tile => {
    const now = fleetMean(figures, key)
    const count = figures.servers.filter((server) => server[key].mean !== null).length
    return {
      label,
      value: quantity('ratio', now),
      note: now === null ? said.noValues : count === all ? '' : said.measured(count, all),
      change: change('ratio', now, fleetMean(before, key))
    }
  }
  const amount = (
    label: string,
    key: Parameters<typeof fleetSum>[1],
    unit: ReportUnit,
    none: string
  ): Tile => {
    const now = fleetSum(figures, key)
    const count = figures.servers.filter((server) => server[key] !== null).length
    const note = now === null ? none : count === all ? '' : said.ofServers(count)
    return { label, value: quantity(unit, now), note, change: change(unit, now, fleetSum(before, key)) }
  }
  return [
    share(said.cpu, 'cpuUsedRatio'),
    share(said.memory, 'memoryUsedRatio'),
    share(said.disk, 'diskUsedRatio'),
    gpuTile(data),
    amount(said.received, 'netRxBytes', 'bytes', said.noValues),
    amount(said.sent, 'netTxBytes', 'bytes', said.noValues),
    amount(said.energy, 'energyWattHours', 'wattHours', said.energyNone),
    usersTile(data),
    serversTile(data),
    alertsTile(data)
  ]
}

function gpuTile({ figures, before }: ReportData): Tile {
  const of = (one: FleetFigures | null): number | null =>
    meanOf((one?.servers ?? []).map(({ gpuIdleUnderUsedRatio }) => gpuIdleUnderUsedRatio))
  const cards = figures.servers.reduce((sum, { gpus }) => sum + gpus.length, 0)
  return {
    label: words.tiles.gpuIdle,
    value: quantity('ratio', of(figures)),
    note: cards === 0 ? words.tiles.gpuNone : words.tiles.gpuNote(cards),
    change: change('ratio', of(figures), of(before))
  }
}

function usersTile({ figures, before }: ReportData): Tile {
  const of = (one: FleetFigures | null): number | null =>
    sumOf((one?.servers ?? []).map(({ usersLoggedIn }) => usersLoggedIn.mean))
  const most = figures.servers.map(({ usersLoggedIn }) => usersLoggedIn.max ?? 0)
  const now = of(figures)
  return {
    label: words.tiles.users,
    value: quantity('amount', now),
    note: now === null ? words.tiles.noValues : words.tiles.usersNote(Math.max(0, ...most)),
    change: change('amount', now, of(before))
  }
}

function serversTile({ figures }: ReportData): Tile {
  const locations = new Set(figures.servers.map(({ location }) => location).filter((name) => name !== ''))
  const cards = figures.servers.reduce((sum, { gpus }) => sum + gpus.length, 0)
  return {
    label: words.tiles.servers,
    value: String(figures.servers.length),
    note: words.tiles.serversNote(locations.size, cards),
    change: null
  }
}

function alertsTile({ alerts }: ReportData): Tile {
  const red = alerts.filter(({ level }) => level === 'RED').length
  return {
    label: words.tiles.alerts,
    value: String(alerts.length),
    note: words.tiles.alertsNote(red, alerts.length - red),
    change: null
  }
}

type Join = (values: readonly (number | null)[]) => number | null

function fleetCharts(data: ReportData): Chart[] {
  const { trends, figures } = data
  const base = { edgesAtMs: trends.edgesAtMs, ticks: timeTicks(trends.edgesAtMs, data.zone) }
  const all = [...trends.byServer.values()]
  const joined = (metric: TrendMetric, join: Join): (number | null)[] =>
    trends.edgesAtMs.slice(1).map((_, step) => join(all.map((trend) => trend[metric][step] ?? null)))
  const lines = (title: string, note: string, chart: Pick<LineChart, 'unit' | 'max' | 'series'>): Chart => ({
    kind: 'lines',
    title,
    note,
    lines: { ...base, ...chart }
  })
  const said = words.charts
  const share = (title: string, metric: TrendMetric, max: number | null): Chart =>
    lines(title, said.meanOfServers, {
      unit: 'ratio',
      max,
      series: [{ name: title, values: joined(metric, meanOf) }]
    })
  const network = lines(said.network, said.sumOfServers, {
    unit: 'bitsPerSec',
    max: null,
    series: [
      { name: said.received, values: joined('netRxBytesPerSec', sumOf) },
      { name: said.sent, values: joined('netTxBytesPerSec', sumOf) }
    ]
  })
  return [
    share(said.cpu, 'cpuUsedRatio', null),
    share(said.memory, 'memoryUsedRatio', 1),
    share(said.disk, 'diskUsedRatio', 1),
    network,
    ...pies(figures.servers)
  ]
}

/** Disk and memory: mean used of what there is, of the servers of which both are known. */
export function pies(servers: readonly ServerFigures[]): Chart[] {
  const said = words.charts
  const of = (
    title: string,
    used: (server: ServerFigures) => number | null,
    total: (server: ServerFigures) => number | null
  ): Chart[] => {
    const known = servers.filter((server) => used(server) !== null && total(server) !== null)
    const whole = sumOf(known.map(total))
    const part = sumOf(known.map(used))
    if (whole === null || part === null || whole <= 0) return []
    const free = Math.max(0, whole - part)
    return [
      {
        kind: 'pie',
        title,
        note: said.pieNote,
        pie: {
          headline: quantity('ratio', part / whole),
          parts: [
            { name: said.used, value: part, text: quantity('bytes', part) },
            { name: said.free, value: free, text: quantity('bytes', free) }
          ]
        }
      }
    ]
  }
  return [
    ...of(
      said.diskPie,
      (one) => one.diskUsedBytes.mean,
      (one) => one.diskTotalBytes
    ),
    ...of(
      said.memoryPie,
      (one) => one.memoryUsedBytes.mean,
      (one) => one.memoryTotalBytes
    )
  ]
}
