/** English words of a report: it leaves the console as a file, so they are here and not in the window. */
import type { ReportKind } from '#contract/reports.ts'
import { isoWeek } from '../../domain/reports/calendar.ts'
import { dayOf } from '../../domain/traffic/days.ts'
import type { Trends } from './report-data.ts'

const LONG_DATE = { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' } as const
const TITLES: Record<ReportKind, string> = {
  daily: 'Daily report',
  weekly: 'Weekly report',
  monthly: 'Monthly report',
  range: 'Report'
}

export type Zone = 'local' | 'utc'

/** British English: the day before the month, 24 hours. */
export function dateText(atMs: number, zone: Zone, options: Intl.DateTimeFormatOptions): string {
  const zoned = zone === 'utc' ? { timeZone: 'UTC' } : {}
  return new Intl.DateTimeFormat('en-GB', { hourCycle: 'h23', ...options, ...zoned }).format(atMs)
}

export const momentText = (atMs: number, zone: Zone): string =>
  dateText(atMs, zone, {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit'
  })

export const shortMoment = (atMs: number, zone: Zone): string =>
  dateText(atMs, zone, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' })

/** `Europe/Berlin (UTC+1)`. */
export function zoneText(atMs: number, zone: Zone): string {
  if (zone === 'utc') return 'UTC'
  const name = new Intl.DateTimeFormat('en-GB').resolvedOptions().timeZone
  if (name === 'UTC') return name
  const minutes = -new Date(atMs).getTimezoneOffset()
  const hours = `${minutes < 0 ? '−' : '+'}${String(Math.abs(minutes) / 60)}`
  return `${name} (UTC${minutes === 0 ? '' : hours})`
}

export function periodText(
  kind: ReportKind,
  { fromAtMs, toAtMs }: { readonly fromAtMs: number; readonly toAtMs: number },
  zone: Zone
): string {
  switch (kind) {
    case 'daily':
      return dateText(fromAtMs, zone, LONG_DATE)
    case 'weekly': {
      const day = { day: 'numeric', month: 'long' } as const
      const last = dateText(toAtMs - 1, zone, { ...day, year: 'numeric' })
      return `Week ${Number(isoWeek(dayOf(fromAtMs, zone)).slice(-2))}, ${dateText(fromAtMs, zone, day)} – ${last}`
    }
    case 'monthly':
      return dateText(fromAtMs, zone, { month: 'long', year: 'numeric' })
    case 'range':
      return `${momentText(fromAtMs, zone)} – ${momentText(toAtMs, zone)}`
  }
}

export const titleText = (kind: ReportKind): string => TITLES[kind]

const plural = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`

const STEPS: Record<Trends['step'], string> = {
  fiveMinutes: 'means of five minutes',
  hour: 'means of each hour',
  day: 'means of each day'
}
export const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const
const WEEKDAYS_LONG = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] as const

export const words = {
  layout: {
    up: 'more than before:',
    down: 'less than before:',
    same: 'as before',
    noValues: 'no values',
    contents: 'Contents'
  },
  brand: 'Virthelm',
  demo: 'Virthelm – demo fleet, made-up values',
  facts: {
    made: 'Made',
    zone: 'Time zone',
    servers: 'Servers',
    coverage: 'Measured',
    compared: 'Compared with',
    version: 'Console'
  },
  notComparable: 'nothing: it was not measured then',
  soFar: (text: string): string => `${text} (so far)`,
  coverage: (share: string): string => `${share} of the period`,
  sections: {
    summary: 'Summary',
    servers: 'Servers',
    statistics: 'Statistics',
    busy: 'Busy hours',
    gpus: 'GPUs',
    alerts: 'Alerts',
    each: 'Server by server',
    method: 'How the figures are made'
  },
  tiles: {
    cpu: 'CPU used, mean',
    memory: 'Memory used, mean',
    disk: 'Disk used, mean',
    received: 'Received',
    sent: 'Sent',
    energy: 'Energy',
    gpuIdle: 'GPUs idle, mean',
    alerts: 'Alerts',
    servers: 'Servers',
    users: 'Users logged in, mean',
    measured: (count: number, all: number): string => `${count} of ${plural(all, 'server', 'servers')}`,
    ofServers: (count: number): string => `of ${plural(count, 'server', 'servers')}`,
    energyNone: 'no server tells its power',
    gpuNone: 'no cards',
    gpuNote: (count: number): string => `under 10 % used, ${plural(count, 'card', 'cards')}`,
    alertsNote: (red: number, amber: number): string => `${red} RED, ${amber} AMBER`,
    serversNote: (locations: number, gpus: number): string =>
      `${plural(locations, 'location', 'locations')}, ${plural(gpus, 'GPU', 'GPUs')}`,
    usersNote: (most: number): string => `at most ${most} on one server`,
    noValues: 'no values'
  },
  charts: {
    cpu: 'CPU used',
    memory: 'Memory used',
    disk: 'Disk used',
    network: 'Network',
    gpu: 'GPU memory free',
    power: 'Power',
    received: 'received',
    sent: 'sent',
    meanOfServers: 'mean of the servers',
    sumOfServers: 'all servers together',
    ofTotal: (total: string): string => `of ${total}`,
    meanOf: (mean: string): string => `mean ${mean}`,
    used: 'Used',
    free: 'Free',
    memoryPie: 'Memory',
    diskPie: 'Disk',
    pieNote: 'mean of the period'
  },
  servers: {
    caption: 'What does not change from day to day',
    server: 'Server',
    location: 'Location',
    address: 'Address',
    system: 'System',
    threads: 'CPU threads',
    memory: 'Memory',
    disk: 'Disk',
    gpus: 'GPUs',
    machines: 'VMs running',
    users: 'Users',
    uptime: 'Up for',
    note: 'VMs running and users logged in are means of the period, with the most at once behind them.'
  },
  statistics: {
    caption: (compared: string): string => `Small figures: the difference to ${compared}.`,
    captionAlone: 'There is nothing to compare with: nothing was measured in the period before.',
    cpu: 'CPU used',
    memory: 'Memory used',
    disk: 'Disk used',
    traffic: 'Transferred',
    mean: 'Mean',
    median: 'Median',
    min: 'Min',
    max: 'Max',
    received: 'Received',
    sent: 'Sent',
    energy: 'Energy',
    measured: 'Measured',
    all: 'All servers'
  },
  busy: {
    busiest: (name: string, mean: string): string => `Busiest by CPU: ${name} (mean ${mean}).`,
    idlest: (name: string, mean: string): string => `Idlest: ${name} (mean ${mean}).`,
    hour: (from: number): string => {
      const two = (value: number): string => String(value).padStart(2, '0')
      return `The busiest hour of the day is ${two(from)}:00 – ${two((from + 1) % 24)}:00.`
    },
    title: 'CPU used by hour of the week',
    note: 'mean of all servers',
    cell: (weekday: number, hour: number, mean: string): string =>
      `${WEEKDAYS_LONG[weekday] ?? ''} ${String(hour).padStart(2, '0')}:00, ${mean}`,
    none: 'There are no hours with values.'
  },
  gpus: {
    caption:
      'Idle is the share of the measured time: by free memory, with more than 8 GB of its memory free; by use, with less than 10 % of its memory used.',
    server: 'Server',
    card: 'Card',
    memory: 'Memory',
    free: 'Free, mean',
    busy: 'Busy, mean',
    idle: 'Idle',
    byFree: 'By free memory',
    byUse: 'By use',
    measured: 'Measured',
    allCards: 'All cards'
  },
  alerts: {
    none: 'There were no alerts in this period.',
    caption: (red: number, amber: number): string =>
      `${red} RED and ${amber} AMBER. One that was raised before the period, or went on after it, is among them.`,
    leftOut: (count: number): string => `${count} older ones are not listed.`,
    level: 'Level',
    place: 'Where',
    what: 'What',
    raised: 'Raised',
    lasted: 'Lasted',
    lasts: 'goes on',
    on: (vm: string, server: string): string => `${vm} on ${server}`
  },
  server: {
    note: (facts: readonly string[]): string => facts.join(' · '),
    measured: (share: string): string => `measured ${share}`,
    threads: (count: number): string => plural(count, 'CPU thread', 'CPU threads'),
    gpus: (count: number): string => plural(count, 'GPU', 'GPUs')
  },
  method: (step: Trends['step']): string[] => [
    `Means, minima and maxima are of all samples of the period; the charts show ${STEPS[step]}. Grey in a chart: nothing was measured.`,
    'Measured is the share of the period for which there are values. What was not measured is left out of every mean; it is not taken for nothing.',
    'Transferred is what the interfaces counted. Energy is the mean power times the measured time.',
    'Sizes are in powers of 1024 (GiB), rates in powers of 1000 (Mb/s). Differences of shares are in points.'
  ]
}
