/** Alerts in words. A sentence is a key of the locale and its values, so that what is remote in it can be set apart. */
import type { Alert } from '#contract/alerts.ts'
import { AppError, ErrorCode } from '#contract/errors.ts'
import { useI18n } from 'vue-i18n'
import { formatDuration, formatTime, type Zone } from '../../format/index.ts'
import { useErrorWords } from '../../locales/error-words.ts'
import { visibleText } from '../../ui/index.ts'
import { useServersStore } from '../servers/index.ts'
import { useRuleWords, type RuleWords } from './rule-words.ts'
import { flagKey, unitOf, valueText } from './watch-units.ts'

export interface Sentence {
  readonly key: string
  /** Remote text in them is made visible already. */
  readonly values: Readonly<Record<string, string>>
}

export interface AlertWords {
  readonly rules: RuleWords
  /** Name of the server, or of the VM. */
  readonly target: (alert: Alert) => string
  /** What of it: `Memory, forecast`, `/data on nas`. */
  readonly subject: (alert: Alert) => string
  readonly sentence: (alert: Alert, nowMs: number) => Sentence
  readonly ruleName: (alert: Alert) => string
  /** `Rule: process CPU above 80 % for 1 min`. */
  readonly rule: (alert: Alert) => string
  /** All in one plain line, for tooltips and files. */
  readonly line: (alert: Alert, nowMs: number) => string
  readonly quiet: (alert: Alert, zone: Zone, locale: string) => string
}

/** The contract says: the maximum = until it is lifted. */
export const isForever = (untilAtMs: number | null): boolean =>
  untilAtMs === null || untilAtMs >= Number.MAX_SAFE_INTEGER

/** Lasts although its value is on the good side of the threshold: it has to stay there for a while. */
const isBack = ({ recoveredAtMs, value, threshold, direction }: Alert): boolean =>
  recoveredAtMs === null &&
  value !== null &&
  threshold !== null &&
  (direction === 'above' ? value <= threshold : value >= threshold)

/** A span rounded to what a forecast can know: `about 2 h`, `1 h 20 min`. */
function roughly(spanMs: number): string {
  const minutes = Math.max(1, spanMs / 60_000)
  const step = minutes < 20 ? 1 : minutes < 120 ? 5 : minutes < 600 ? 10 : 60
  return formatDuration(Math.round(minutes / step) * step * 60_000)
}

/** In setup only. */
export function useAlertWords(): AlertWords {
  const i18n = useI18n()
  const { t } = i18n
  const rules = useRuleWords()
  const servers = useServersStore()
  const errorWords = useErrorWords()

  /** `Memory used`, `/data used`: the label stands before what is measured of it. */
  const measured = (alert: Alert): string =>
    alert.label === '' || alert.watch.kind !== 'metric'
      ? rules.what(alert.watch)
      : t('alerts.ofLabel', { what: rules.what(alert.watch), label: visibleText(alert.label) })

  function change(alert: Alert, perHour: number): string {
    const direction = perHour < 0 ? 'falling' : 'rising'
    const size = Math.abs(perHour)
    if (unitOf(alert.watch) !== 'ratio')
      return t(`alerts.${direction}`, { rate: valueText(alert.watch, size) })
    const points = size * 100
    return t(`alerts.${direction}Points`, {
      rate: points < 10 ? points.toFixed(points < 1 ? 2 : 1) : points.toFixed(0)
    })
  }

  function forecast(alert: Alert, nowMs: number): Sentence | null {
    if (alert.forecast === null || alert.threshold === null) return null
    const { atMs, earliestAtMs, latestAtMs, changePerHour, basis } = alert.forecast
    const values = {
      what: measured(alert),
      value: valueText(alert.watch, alert.value),
      threshold: valueText(alert.watch, alert.threshold),
      span: roughly(atMs - nowMs),
      from: roughly(earliestAtMs - nowMs),
      to: latestAtMs === null ? '' : roughly(latestAtMs - nowMs),
      change: basis === 'timeOfDay' ? t('alerts.byTimeOfDay') : change(alert, changePerHour)
    }
    const verb = alert.direction === 'above' ? 'reaches' : 'fallsTo'
    // A range that is none as it is rounded would be noise.
    const range = latestAtMs === null ? 'Maybe' : values.from === values.to ? 'Surely' : ''
    return { key: `alerts.say.${verb}${range}`, values }
  }

  function process(alert: Alert): Sentence | null {
    if (alert.process === null || alert.watch.kind !== 'process') return null
    const { pid, name, user } = alert.process
    return {
      key: `alerts.say.${alert.watch.measure}${user === null ? 'NoUser' : ''}`,
      values: {
        process: visibleText(name),
        pid: String(pid),
        user: visibleText(user ?? ''),
        value: valueText(alert.watch, alert.value)
      }
    }
  }

  function flag(alert: Alert): Sentence | null {
    const key = flagKey(alert.watch, alert.direction)
    if (key === null || !i18n.te(`${key}.is`)) return null
    return { key: `${key}.is`, values: { label: visibleText(alert.label || (alert.entity?.key ?? '')) } }
  }

  function serverOff(alert: Alert): Sentence {
    const code = ErrorCode.safeParse(alert.failureCode).data
    if (code === undefined) return { key: 'alerts.say.serverOff', values: {} }
    const connection = servers.byId.get(alert.serverId)?.record.connection
    const params =
      connection === undefined ? {} : { host: connection.host, port: connection.port, user: connection.user }
    return {
      key: 'alerts.say.serverOffBecause',
      values: { why: errorWords(new AppError(code, { params })).title }
    }
  }

  function sentence(alert: Alert, nowMs: number): Sentence {
    switch (alert.cause) {
      case 'serverOff':
        return serverOff(alert)
      case 'vmNotResponding':
      case 'vmOff':
        return { key: `alerts.say.${alert.cause}`, values: {} }
      case 'noData':
        return { key: 'alerts.say.noData', values: { what: measured(alert) } }
      case 'forecast': {
        const foretold = alert.recoveredAtMs === null ? forecast(alert, nowMs) : null
        if (foretold !== null) return foretold
        return {
          key: 'alerts.say.wasForetold',
          values: { what: measured(alert), threshold: valueText(alert.watch, alert.threshold) }
        }
      }
      case 'threshold': {
        const said = process(alert) ?? flag(alert)
        if (said !== null) return said
        const value = valueText(alert.watch, alert.value)
        const worst = valueText(alert.watch, alert.worst)
        const values = { what: measured(alert), value, worst }
        if (alert.recoveredAtMs !== null) return { key: 'alerts.say.wasAtWorst', values }
        return {
          key: alert.worst === null || worst === value ? 'alerts.say.is' : 'alerts.say.isAtWorst',
          values
        }
      }
    }
  }

  function rule(alert: Alert): string {
    const { threshold, watch, direction, forMs } = alert
    // A forecast has said its threshold already.
    if (threshold === null || alert.cause === 'forecast' || flag(alert) !== null) return ''
    const beyond = rules.beyond(watch, direction, threshold)
    const when = forMs === 0 ? beyond : t('alerts.beyondFor', { beyond, span: formatDuration(forMs) })
    const said = t('alerts.ruleSays', { what: rules.whatAll(watch), when })
    return isBack(alert) ? `${said} ${t('alerts.back')}` : said
  }

  const ruleName = (alert: Alert): string =>
    rules.name({ name: alert.ruleName, preset: alert.preset, watch: alert.watch })

  return {
    rules,
    target: (alert) => visibleText(alert.vmName ?? alert.serverName),
    subject(alert) {
      const name =
        alert.cause === 'forecast' ? t('alerts.foretold', { name: measured(alert) }) : measured(alert)
      return alert.vmName === null
        ? name
        : t('alerts.onServer', { name, server: visibleText(alert.serverName) })
    },
    sentence,
    ruleName,
    rule,
    line(alert, nowMs) {
      const said = sentence(alert, nowMs)
      return t(said.key, said.values)
    },
    quiet(alert, zone, locale) {
      if (alert.quiet === null) return ''
      const { reason, untilAtMs } = alert.quiet
      return isForever(untilAtMs)
        ? t(`alerts.quiet.${reason}Forever`)
        : t(`alerts.quiet.${reason}`, { time: formatTime(untilAtMs, 'dayMinute', zone, locale) })
    }
  }
}
