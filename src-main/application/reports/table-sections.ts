/** The tables: servers, statistics, busy hours, GPUs, alerts. */
import type { Figures, ServerFigures } from '#contract/fleet-figures.ts'
import type { ServerId } from '#contract/ids.ts'
import type { Block, Cell, Column, HeatMap } from '../../domain/reports/document.ts'
import { change, MISSING, quantity, type ReportUnit } from '../../domain/reports/quantity.ts'
import { durationText } from './duration-text.ts'
import type { ReportData } from './report-data.ts'
import type { AlertsOfPeriod } from './report-sources.ts'
import { periodText, shortMoment, WEEKDAYS, words } from './report-words.ts'
import { fleetMean, fleetSum } from './summary-section.ts'

export const serverAnchor = (serverId: ServerId): string => `server-${serverId}`

const start = (name: string, group?: string): Column => ({
  name,
  align: 'start',
  ...(group !== undefined && { group })
})
const end = (name: string, group?: string): Column => ({
  name,
  align: 'end',
  ...(group !== undefined && { group })
})

const serverCell = ({ serverId, name }: ServerFigures): Cell => ({ text: name, link: serverAnchor(serverId) })

/** Mean, and the most at once behind it. */
const meanAndMost = ({ mean, max }: Figures): string =>
  mean === null ? MISSING : `${quantity('amount', mean)} (${quantity('count', max)})`

export function* serversSection(data: ReportData): Generator<Block> {
  const said = words.servers
  yield { kind: 'section', id: 'servers', text: words.sections.servers, newPage: true }
  const rows = data.figures.servers.map((one): Cell[] => {
    const stored = data.servers.get(one.serverId)
    const facts = stored?.facts ?? null
    const connection = stored?.record.connection
    return [
      serverCell(one),
      one.location === '' ? MISSING : one.location,
      connection?.host ?? MISSING,
      facts?.distribution ?? facts?.osName ?? MISSING,
      quantity('count', facts?.cpuThreads ?? null),
      quantity('bytes', one.memoryTotalBytes ?? facts?.memoryTotalBytes ?? null),
      quantity('bytes', one.diskTotalBytes),
      quantity('count', one.gpus.length),
      meanAndMost(one.machinesRunning),
      meanAndMost(one.usersLoggedIn),
      one.uptimeSec === null ? MISSING : durationText(one.uptimeSec * 1_000)
    ]
  })
  yield {
    kind: 'table',
    table: {
      caption: said.note,
      columns: [
        start(said.server),
        start(said.location),
        start(said.address),
        start(said.system),
        end(said.threads),
        end(said.memory),
        end(said.disk),
        end(said.gpus),
        end(said.machines),
        end(said.users),
        end(said.uptime)
      ],
      rows
    }
  }
}

const withChange = (unit: ReportUnit, now: number | null, before: number | null): Cell => ({
  text: quantity(unit, now),
  change: change(unit, now, before)
})

export function* statisticsSection(data: ReportData): Generator<Block> {
  const { figures, before, kind, spanBefore, zone, coverageRatio } = data
  const said = words.statistics
  const former = new Map((before?.servers ?? []).map((one) => [one.serverId, one]))
  const share = (ratio: number | null): string => quantity('ratio', ratio)
  const rows = figures.servers.map((one): Cell[] => {
    const was = former.get(one.serverId)
    return [
      serverCell(one),
      withChange('ratio', one.cpuUsedRatio.mean, was?.cpuUsedRatio.mean ?? null),
      share(one.cpuUsedRatio.median),
      share(one.cpuUsedRatio.min),
      share(one.cpuUsedRatio.max),
      withChange('ratio', one.memoryUsedRatio.mean, was?.memoryUsedRatio.mean ?? null),
      withChange('ratio', one.diskUsedRatio.mean, was?.diskUsedRatio.mean ?? null),
      withChange('bytes', one.netRxBytes, was?.netRxBytes ?? null),
      withChange('bytes', one.netTxBytes, was?.netTxBytes ?? null),
      withChange('wattHours', one.energyWattHours, was?.energyWattHours ?? null),
      share(one.coverageRatio)
    ]
  })
  const mean = (key: 'cpuUsedRatio' | 'memoryUsedRatio' | 'diskUsedRatio'): Cell =>
    withChange('ratio', fleetMean(figures, key), fleetMean(before, key))
  const sum = (key: Parameters<typeof fleetSum>[1], unit: ReportUnit): Cell =>
    withChange(unit, fleetSum(figures, key), fleetSum(before, key))
  yield { kind: 'section', id: 'statistics', text: words.sections.statistics }
  yield {
    kind: 'table',
    table: {
      caption: before === null ? said.captionAlone : said.caption(periodText(kind, spanBefore, zone)),
      columns: [
        start(words.servers.server),
        ...[said.mean, said.median, said.min, said.max].map((name) => end(name, said.cpu)),
        end(said.mean, said.memory),
        end(said.mean, said.disk),
        end(said.received, said.traffic),
        end(said.sent, said.traffic),
        end(said.energy),
        end(said.measured)
      ],
      rows,
      ...(rows.length > 1 && {
        foot: [
          said.all,
          mean('cpuUsedRatio'),
          ...['', '', ''],
          mean('memoryUsedRatio'),
          mean('diskUsedRatio'),
          sum('netRxBytes', 'bytes'),
          sum('netTxBytes', 'bytes'),
          sum('energyWattHours', 'wattHours'),
          share(coverageRatio)
        ]
      })
    }
  }
}

export function* busySection({ figures }: ReportData): Generator<Block> {
  const said = words.busy
  yield { kind: 'section', id: 'busy', text: words.sections.busy }
  const nameOf = (serverId: ServerId | null): ServerFigures | undefined =>
    figures.servers.find((one) => one.serverId === serverId)
  const busiest = nameOf(figures.busiest)
  const idlest = nameOf(figures.idlest)
  const sentences = [
    ...(busiest === undefined
      ? []
      : [said.busiest(busiest.name, quantity('ratio', busiest.cpuUsedRatio.mean))]),
    ...(idlest === undefined || idlest === busiest
      ? []
      : [said.idlest(idlest.name, quantity('ratio', idlest.cpuUsedRatio.mean))]),
    ...(figures.busiestHourOfDay === null ? [] : [said.hour(figures.busiestHourOfDay)])
  ]
  yield { kind: 'text', text: sentences.length === 0 ? said.none : sentences.join(' ') }
  if (figures.busyHours.length === 0) return
  yield {
    kind: 'charts',
    charts: [{ kind: 'heat', title: said.title, note: said.note, heat: heatOf(figures.busyHours) }]
  }
}

function heatOf(hours: ReportData['figures']['busyHours']): HeatMap {
  const values = new Array<number | null>(7 * 24).fill(null)
  for (const { weekday, hour, mean } of hours) values[weekday * 24 + hour] = mean
  const known = values.filter((value) => value !== null)
  return {
    rows: WEEKDAYS,
    columns: Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, '0')),
    values,
    texts: values.map((value, index) =>
      words.busy.cell(Math.floor(index / 24), index % 24, quantity('ratio', value))
    ),
    least: quantity('ratio', Math.min(...known)),
    most: quantity('ratio', Math.max(...known))
  }
}

export function* gpuSection({ figures, before }: ReportData): Generator<Block> {
  const withCards = figures.servers.filter(({ gpus }) => gpus.length > 0)
  if (withCards.length === 0) return
  const said = words.gpus
  const rows = withCards.flatMap((server): Cell[][] => {
    const was = before?.servers.find(({ serverId }) => serverId === server.serverId)
    const cards = server.gpus.map((gpu): Cell[] => {
      const earlier = was?.gpus.find(({ key }) => key === gpu.key)
      return [
        serverCell(server),
        gpu.name === '' ? gpu.key : gpu.name,
        quantity('bytes', gpu.memoryTotalBytes),
        quantity('bytes', gpu.memoryFreeBytes.mean),
        withChange('ratio', gpu.utilisationRatio.mean, earlier?.utilisationRatio.mean ?? null),
        withChange('ratio', gpu.idleOverFreeRatio, earlier?.idleOverFreeRatio ?? null),
        withChange('ratio', gpu.idleUnderUsedRatio, earlier?.idleUnderUsedRatio ?? null),
        quantity('ratio', gpu.coverageRatio)
      ]
    })
    if (cards.length < 2) return cards
    const together: Cell[] = [
      serverCell(server),
      { text: said.allCards, tone: 'quiet' },
      '',
      '',
      '',
      withChange('ratio', server.gpuIdleOverFreeRatio, was?.gpuIdleOverFreeRatio ?? null),
      withChange('ratio', server.gpuIdleUnderUsedRatio, was?.gpuIdleUnderUsedRatio ?? null),
      ''
    ]
    return [...cards, together]
  })
  yield { kind: 'section', id: 'gpus', text: words.sections.gpus }
  yield {
    kind: 'table',
    table: {
      caption: said.caption,
      columns: [
        start(said.server),
        start(said.card),
        end(said.memory),
        end(said.free),
        end(said.busy),
        end(said.byFree, said.idle),
        end(said.byUse, said.idle),
        end(said.measured)
      ],
      rows
    }
  }
}

const MOST_ALERTS = 200

export function* alertsSection(data: ReportData, told: Pick<AlertsOfPeriod, 'words'>): Generator<Block> {
  const { alerts, zone } = data
  const said = words.alerts
  yield { kind: 'section', id: 'alerts', text: words.sections.alerts }
  if (alerts.length === 0) {
    yield { kind: 'text', text: said.none }
    return
  }
  const red = alerts.filter(({ level }) => level === 'RED').length
  const rows = alerts
    .slice(0, MOST_ALERTS)
    .map((alert): Cell[] => [
      { text: alert.level, tone: alert.level === 'RED' ? 'red' : 'amber' },
      alert.vmName === null && alert.vmUuid === null
        ? alert.serverName
        : said.on(alert.vmName ?? alert.vmUuid ?? '', alert.serverName),
      told.words(alert, zone),
      shortMoment(alert.raisedAtMs, zone),
      alert.recoveredAtMs === null ? said.lasts : durationText(alert.recoveredAtMs - alert.raisedAtMs)
    ])
  yield {
    kind: 'table',
    table: {
      caption: said.caption(red, alerts.length - red),
      columns: [start(said.level), start(said.place), start(said.what), end(said.raised), end(said.lasted)],
      rows
    }
  }
  if (alerts.length > MOST_ALERTS) yield { kind: 'text', text: said.leftOut(alerts.length - MOST_ALERTS) }
}
