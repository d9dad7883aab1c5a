/** NVMe and SCSI (SAS) drives: a few figures with fixed meanings each. */
import { jsonAt, numberAt } from './json-at.ts'
import type { ProtocolValues, SmartWarningId } from './smart.ts'

const LOG = 'nvme_smart_health_information_log'

/** Bits of the NVMe specification's "critical warning". */
const CRITICAL: readonly (readonly [bit: number, warning: SmartWarningId])[] = [
  [1, 'spareLow'],
  [2, 'tooHot'],
  [4, 'failing'],
  [8, 'readOnly'],
  [32, 'readOnly']
]

export function nvmeReport(json: unknown): ProtocolValues {
  const figure = (name: string): number | null => numberAt(json, [LOG, name])
  const percentUsed = figure('percentage_used')
  const spare = figure('available_spare')
  const critical = figure('critical_warning') ?? 0
  const uncorrectable = figure('media_errors')
  const warnings = CRITICAL.filter(([bit]) => (Math.min(critical, 255) & bit) !== 0).map(
    ([, warning]) => warning
  )
  const threshold = figure('available_spare_threshold')
  if (spare !== null && threshold !== null && spare < threshold) warnings.push('spareLow')
  if ((percentUsed ?? 0) >= 90) warnings.push('wornOut')
  if ((uncorrectable ?? 0) > 0) warnings.push('uncorrectable')
  return {
    wearUsedRatio: percentUsed === null ? null : percentUsed / 100,
    spareRatio: spare === null ? null : spare / 100,
    reallocatedSectors: null,
    pendingSectors: null,
    uncorrectable,
    warnings: [...new Set(warnings)],
    attributes: []
  }
}

export function scsiReport(json: unknown): ProtocolValues {
  const reallocatedSectors = numberAt(json, ['scsi_grown_defect_list'])
  const percentUsed = numberAt(json, ['scsi_percentage_used_endurance_indicator'])
  const sums = ['read', 'write', 'verify'].map((kind) =>
    numberAt(json, ['scsi_error_counter_log', kind, 'total_uncorrected_errors'])
  )
  const known = sums.filter((sum) => sum !== null)
  const uncorrectable = known.length === 0 ? null : known.reduce((total, sum) => total + sum, 0)
  const pending = jsonAt(json, 'scsi_pending_defects', 'count')
  const pendingSectors = typeof pending === 'number' && pending >= 0 ? pending : null
  const warnings: SmartWarningId[] = []
  if ((pendingSectors ?? 0) > 0) warnings.push('pendingSectors')
  if ((reallocatedSectors ?? 0) > 0) warnings.push('reallocatedSectors')
  if ((uncorrectable ?? 0) > 0) warnings.push('uncorrectable')
  if ((percentUsed ?? 0) >= 90) warnings.push('wornOut')
  return {
    wearUsedRatio: percentUsed === null ? null : percentUsed / 100,
    spareRatio: null,
    reallocatedSectors,
    pendingSectors,
    uncorrectable,
    warnings,
    attributes: []
  }
}
