/** How a metric of the catalogue is shown. Pure. */
import { metricDefinition, type EntityKind } from '#contract/metric-catalogue.ts'
import type { DisplayUnit } from '../../format/index.ts'

/** Rates of networks are shown in bits, all others as the catalogue has them. An unknown metric is a count. */
export function displayUnit(kind: EntityKind, metric: string): DisplayUnit {
  const unit = metricDefinition(kind, metric)?.unit ?? 'count'
  return unit === 'bytesPerSec' && (kind === 'interface' || metric.startsWith('net')) ? 'bitsPerSec' : unit
}
