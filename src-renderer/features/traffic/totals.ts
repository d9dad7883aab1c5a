/** Figures made from sums. Pure; null = there is nothing to make it from. */
import type { TrafficTotal } from '#contract/traffic.ts'

const ratio = (part: number, whole: number): number | null => (whole > 0 ? part / whole : null)

export const hitRatio = ({ hits, judged }: TrafficTotal): number | null => ratio(hits, judged)
export const meanMs = ({ responseMs, timed }: TrafficTotal): number | null => ratio(responseMs, timed)
export const errorRatio = ({ status4xx, status5xx, visits }: TrafficTotal): number | null =>
  ratio(status4xx + status5xx, visits)
export const shareOf = (row: TrafficTotal, total: TrafficTotal): number | null =>
  ratio(row.visits, total.visits)
