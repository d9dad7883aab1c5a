/** Rules in words: what they look at, when they tell, where they apply. */
import type { AlertRule, AlertScope, RuleCondition, RuleWatch } from '#contract/alert-rules.ts'
import { useI18n } from 'vue-i18n'
import { formatDuration } from '../../format/index.ts'
import { visibleText } from '../../ui/index.ts'
import { useMachinesStore } from '../machines/index.ts'
import { useServersStore } from '../servers/index.ts'
import { flagKey, unitOf, valueText } from './watch-units.ts'

export interface RuleWords {
  /** `Memory used`, `File system used`, `Process CPU`, `Server off`. */
  readonly what: (watch: RuleWatch) => string
  /** The same, with the pattern where there is one. */
  readonly whatAll: (watch: RuleWatch) => string
  readonly presetName: (preset: string) => string | null
  readonly name: (rule: { name: string | null; preset: string | null; watch: RuleWatch }) => string
  /** `above 90 % for 10 min, or foretold within 4 h`. */
  readonly condition: (watch: RuleWatch, condition: RuleCondition) => string
  /** `above 90 %`. */
  readonly beyond: (watch: RuleWatch, direction: 'above' | 'below', threshold: number) => string
  readonly scope: (scope: AlertScope) => string
  readonly scopes: (scopes: readonly AlertScope[]) => string
  /** What one override says otherwise. */
  readonly override: (rule: Pick<AlertRule, 'watch'>, override: AlertRule['overrides'][number]) => string
}

/** In setup only. */
export function useRuleWords(): RuleWords {
  const i18n = useI18n()
  const { t } = i18n
  const servers = useServersStore()
  const machines = useMachinesStore()

  function what(watch: RuleWatch): string {
    if (watch.kind === 'process') return t(`alerts.process.${watch.measure}`)
    if (watch.kind !== 'metric') return t(`alerts.watch.${watch.kind}`)
    const own = `alerts.metric.${watch.entityKind}.${watch.metric}`
    if (i18n.te(own)) return t(own)
    const general = `metricNames.${watch.entityKind}.${watch.metric}`
    const metric = i18n.te(general) ? t(general) : watch.metric
    return watch.entityKind === 'server'
      ? metric
      : t('alerts.metricOf', { kind: t(`alerts.kind.${watch.entityKind}`), metric })
  }
  function whatAll(watch: RuleWatch): string {
    const pattern = 'pattern' in watch ? watch.pattern : ''
    return pattern === '' || pattern === '*'
      ? what(watch)
      : t('alerts.withPattern', { what: what(watch), pattern: visibleText(pattern) })
  }
  const presetName = (preset: string): string | null =>
    i18n.te(`alerts.presets.${preset}`) ? t(`alerts.presets.${preset}`) : null

  const beyond: RuleWords['beyond'] = (watch, direction, threshold) => {
    const flag = flagKey(watch, direction)
    return flag !== null && i18n.te(`${flag}.when`)
      ? t(`${flag}.when`)
      : t(`alerts.beyond.${direction}`, { threshold: valueText(watch, threshold) })
  }

  function condition(watch: RuleWatch, of: RuleCondition): string {
    const span = of.forMs === 0 ? null : formatDuration(of.forMs)
    if (unitOf(watch) === null) return span === null ? t('alerts.atOnce') : t('alerts.forSpan', { span })
    const main = beyond(watch, of.direction, of.threshold)
    return [
      span === null ? main : t('alerts.beyondFor', { beyond: main, span }),
      ...(of.forecastWithinMs === null
        ? []
        : [t('alerts.orForetold', { span: formatDuration(of.forecastWithinMs) })]),
      ...(of.noDataForMs === null ? [] : [t('alerts.orNoData', { span: formatDuration(of.noDataForMs) })])
    ].join(', ')
  }

  function scope(of: AlertScope): string {
    switch (of.kind) {
      case 'fleet':
        return t('alerts.scope.fleet')
      case 'location':
        return of.location === ''
          ? t('alerts.scope.noLocation')
          : t('alerts.scope.location', { name: visibleText(of.location) })
      case 'tag':
        return t('alerts.scope.tag', { name: visibleText(of.tag) })
      case 'server': {
        const server = servers.byId.get(of.serverId)
        return server === undefined ? t('alerts.scope.goneServer') : visibleText(server.record.name)
      }
      case 'vm': {
        const vm = machines.all.find(({ ref }) => ref.vmUuid === of.vmUuid)
        return vm === undefined
          ? t('alerts.scope.goneVm')
          : t('alerts.scope.vm', { name: visibleText(vm.name) })
      }
    }
  }

  function override(rule: Pick<AlertRule, 'watch'>, of: AlertRule['overrides'][number]): string {
    const where = scope(of.scope)
    if (!of.enabled) return t('alerts.override.off', { where })
    const { threshold, direction, forMs } = of.condition
    const parts = [
      ...(threshold === undefined
        ? []
        : [
            direction === undefined
              ? valueText(rule.watch, threshold)
              : beyond(rule.watch, direction, threshold)
          ]),
      ...(forMs === undefined ? [] : [t('alerts.forSpan', { span: formatDuration(forMs) })])
    ]
    return t('alerts.override.is', { where, says: parts.join(' ') || t('alerts.override.other') })
  }

  return {
    what,
    whatAll,
    presetName,
    name: (rule) =>
      rule.name !== null
        ? visibleText(rule.name)
        : ((rule.preset === null ? null : presetName(rule.preset)) ?? what(rule.watch)),
    condition,
    beyond,
    scope,
    scopes: (all) => all.map(scope).join(', '),
    override
  }
}
