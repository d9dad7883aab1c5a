/** How the values of what a rule looks at are shown. Pure. */
import type { RuleWatch } from '#contract/alert-rules.ts'
import { VmUuid } from '#contract/ids.ts'
import { formatAs, quantityText, type DisplayUnit } from '../../format/index.ts'
import { displayUnit } from '../history/display-unit.ts'

/** How the values of a watch are shown; null = it has none. */
export function unitOf(watch: RuleWatch): DisplayUnit | null {
  if (watch.kind === 'metric') return displayUnit(watch.entityKind, watch.metric)
  return watch.kind === 'process' ? 'ratio' : null
}

export const valueText = (watch: RuleWatch, value: number | null): string => {
  const unit = unitOf(watch)
  if (unit === null || value === null) return '—'
  const quantity = formatAs(unit, value)
  // 80.0 % reads as if it were measured to a tenth.
  return quantityText({ ...quantity, value: quantity.value.replace(/\.0$/, '') })
}

/** Where the words of a metric that is 1 or 0 would stand. */
export const flagKey = (watch: RuleWatch, direction: 'above' | 'below'): string | null =>
  watch.kind === 'metric' && direction === 'below' ? `alerts.flag.${watch.entityKind}.${watch.metric}` : null

/** A VM's UUID out of an entity's key. */
export const vmOf = (key: string): VmUuid | null => VmUuid.safeParse(key).data ?? null
