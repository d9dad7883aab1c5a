/** One alert as a short English text. Everything that others chose is made safe here. Pure. */
import type { Alert } from '#contract/alerts.ts'
import type { EntityKind, Unit } from '#contract/metric-catalogue.ts'
import { durationWords, metricWords, quantityWords, timeWords, unitOf } from './quantity-words.ts'
import { safeText } from './safe-text.ts'

/** What a message says of an alert. `passed`: it was raised and is over, and only now somebody hears of it. */
export type Headline = 'raised' | 'escalated' | 'again' | 'recovered' | 'passed'

export interface ToldAlert {
  readonly headline: Headline
  readonly alert: Alert
}

const KINDS: Readonly<Record<EntityKind, string>> = {
  server: '',
  vm: '',
  core: 'CPU thread',
  disk: 'disk',
  interface: 'interface',
  mount: 'file system',
  gpu: 'GPU',
  sensor: 'sensor',
  power: 'power source',
  watch: 'watched processes',
  container: 'container',
  unit: 'unit',
  port: 'port',
  web: 'access log'
}

/** Metrics that are 1 or 0: what it means that they are below 1. */
const FLAGS: Partial<Record<EntityKind, Readonly<Record<string, string>>>> = {
  disk: { healthy: 'does not call itself healthy any more' },
  unit: { active: 'is not active' },
  port: { open: 'is not open' }
}

const camelWords = (code: string): string =>
  safeText(code, 64)
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()

/** "web-1", or "db on web-1". */
export function placeWords({ serverName, vmName, vmUuid }: Alert): string {
  const server = safeText(serverName)
  return vmUuid === null && vmName === null ? server : `${safeText(vmName ?? vmUuid ?? '')} on ${server}`
}

interface Measured {
  /** What is measured, of what: "file system /srv: used". */
  readonly subject: string
  readonly words: (value: number) => string
}

function measured({ watch, label, process }: Alert): Measured {
  if (watch.kind === 'process') {
    const cpu = watch.measure === 'cpuUsedRatio'
    const user = process === null || process.user === null ? '' : ` of ${safeText(process.user, 40)}`
    const who =
      process === null ? safeText(label) : `${safeText(process.name)} (pid ${String(process.pid)}${user})`
    return {
      subject: `process ${who}: ${cpu ? 'CPU' : 'memory'} used`,
      words: (value) => quantityWords('ratio', value) + (cpu ? ' of one CPU thread' : '')
    }
  }
  if (watch.kind !== 'metric') return { subject: '', words: String }
  const unit: Unit = unitOf(watch.entityKind, watch.metric)
  const kind = KINDS[watch.entityKind]
  const thing = kind === '' || label === '' ? '' : `${kind} ${safeText(label)}: `
  return {
    subject: `${thing}${metricWords(watch.metric)}`,
    words: (value) => quantityWords(unit, value)
  }
}

/** "disk sdd does not call itself healthy any more"; null where a number says it. */
function flagWords({ cause, direction, watch, label }: Alert): string | null {
  if (cause !== 'threshold' || direction !== 'below' || watch.kind !== 'metric') return null
  const words = FLAGS[watch.entityKind]?.[watch.metric]
  return words === undefined ? null : `${KINDS[watch.entityKind]} ${safeText(label)} ${words}`
}

/** What is the matter, without the place: "CPU used 93 % (above 80 % for 5 min)". */
export function matterWords(alert: Alert, zone: 'local' | 'utc'): string {
  const { cause, direction, threshold, value, forMs, forecast, failureCode } = alert
  const flag = flagWords(alert)
  if (flag !== null) return flag
  const { subject, words } = measured(alert)
  const shown = value === null ? '' : ` ${words(value)}`
  const limit = threshold === null ? '' : `${direction} ${words(threshold)}`
  const lasting = forMs > 0 ? ` for ${durationWords(forMs)}` : ''
  switch (cause) {
    case 'threshold':
      return `${subject}${shown}${limit === '' ? '' : ` (${limit}${lasting})`}`
    case 'forecast':
      return `${subject}${shown}, expected ${limit}${forecast === null ? '' : ` about ${timeWords(forecast.atMs, zone)}`}`
    case 'noData':
      return `${subject === '' ? 'values' : subject}: no data${lasting}`
    case 'serverOff':
      return `no answer${failureCode === null ? '' : ` (${camelWords(failureCode)})`}`
    case 'vmNotResponding':
      return 'runs, but does not respond'
    case 'vmOff':
      return 'crashed or is off'
  }
}

const ENDS: Readonly<Record<NonNullable<Alert['ended']>, string>> = {
  recovered: 'recovered',
  targetGone: 'over: it is not there any more',
  ruleChanged: 'over: the rule was changed',
  expectedOff: 'over: it was switched off'
}
const endWords = ({ ended }: Alert): string => ENDS[ended ?? 'recovered']

/** "RED", "RED (was AMBER)", "still RED", "recovered". */
export function stateWords({ headline, alert }: ToldAlert): string {
  switch (headline) {
    case 'raised':
      return alert.level
    case 'escalated':
      return `${alert.level} (was AMBER)`
    case 'again':
      return `still ${alert.level}`
    case 'recovered':
      return endWords(alert)
    case 'passed':
      return `was ${alert.level}, ${endWords(alert)}`
  }
}

/** When: "since …", or from when to when. */
export function spanWords({ headline, alert }: ToldAlert, zone: 'local' | 'utc'): string {
  const from = timeWords(alert.raisedAtMs, zone)
  if (headline !== 'recovered' && headline !== 'passed') return `since ${from}`
  if (alert.recoveredAtMs === null) return `from ${from}`
  const lasted = durationWords(alert.recoveredAtMs - alert.raisedAtMs)
  return `from ${from} to ${timeWords(alert.recoveredAtMs, zone)} (${lasted})`
}

/** The whole of it in one line. */
export function lineWords(told: ToldAlert, zone: 'local' | 'utc'): string {
  const { alert } = told
  return `${stateWords(told)} – ${placeWords(alert)}: ${matterWords(alert, zone)}, ${spanWords(told, zone)}`
}
