/** The table of a SATA drive. Ids have meant the same with all makers only for what is read here; the wear of SSDs has several. */
import { jsonAt, listAt, numberAt, textAt } from './json-at.ts'
import type { ProtocolValues, SmartAttributeRow, SmartWarningId } from './smart.ts'

const REALLOCATED = 5
const REPORTED_UNCORRECTABLE = 187
const PENDING = 197
const OFFLINE_UNCORRECTABLE = 198
/** Attributes of SSDs whose normalised value is what is left of the drive's life, in percent; the surest first. */
const LIFE_LEFT =
  /^(?:SSD_Life_Left|Percent_Lifetime_Remain(?:ing)?|Remaining_Lifetime_Perc|Media_Wearout_Indicator|Wear_Leveling_Count|Drive_Life_Remaining%|Perc_Rated_Life_Remain|Ave_Block-Erase_Count)$/
const MOST_ATTRIBUTES = 64

export function ataReport(json: unknown): ProtocolValues {
  const attributes = listAt(json, ['ata_smart_attributes', 'table'], MOST_ATTRIBUTES).flatMap(
    (row) => rowOf(row) ?? []
  )
  const raw = (id: number): number | null => attributes.find((row) => row.id === id)?.count ?? null
  const reallocatedSectors = raw(REALLOCATED)
  const pendingSectors = raw(PENDING)
  const uncorrectable = raw(OFFLINE_UNCORRECTABLE) ?? raw(REPORTED_UNCORRECTABLE)
  const wearUsedRatio = wearOf(json, attributes)
  const warnings: SmartWarningId[] = []
  if (attributes.some(({ failed }) => failed === 'now')) warnings.push('attributeFailing')
  if ((pendingSectors ?? 0) > 0) warnings.push('pendingSectors')
  if ((reallocatedSectors ?? 0) > 0) warnings.push('reallocatedSectors')
  if ((uncorrectable ?? 0) > 0) warnings.push('uncorrectable')
  if ((wearUsedRatio ?? 0) >= 0.9) warnings.push('wornOut')
  return {
    wearUsedRatio,
    spareRatio: null,
    reallocatedSectors,
    pendingSectors,
    uncorrectable,
    warnings,
    attributes: attributes.map(({ count: _count, ...row }) => row)
  }
}

type Row = SmartAttributeRow & { readonly count: number | null }

function rowOf(row: unknown): Row | null {
  const id = numberAt(row, ['id'])
  if (id === null || !Number.isInteger(id) || id > 255) return null
  const failed = textAt(row, ['when_failed'])
  return {
    id,
    name: textAt(row, ['name'], 64) ?? `#${id}`,
    value: numberAt(row, ['value']),
    worst: numberAt(row, ['worst']),
    threshold: numberAt(row, ['thresh']),
    raw: textAt(row, ['raw', 'string'], 64) ?? '',
    failed: failed === 'now' ? 'now' : failed === 'past' ? 'past' : null,
    count: numberAt(row, ['raw', 'value'])
  }
}

/** 0 = new. smartctl 7.5 computes it itself; only a drive without platters wears. */
function wearOf(json: unknown, attributes: readonly Row[]): number | null {
  const percent = numberAt(json, ['endurance_used', 'current_percent'])
  if (percent !== null) return percent / 100
  if (jsonAt(json, 'rotation_rate') !== 0) return null
  const left = attributes.find(({ name, value }) => LIFE_LEFT.test(name) && value !== null && value <= 100)
  const value = left?.value ?? null
  return value === null ? null : (100 - value) / 100
}
