/** Gaps in words, for the bands of a chart. Pure: words come in. */
import type { EntityRef, HistoryGap } from '#contract/history.ts'
import type { VmUuid } from '#contract/ids.ts'
import type { ChartGap } from '../../charts/index.ts'
import { formatDuration } from '../../format/index.ts'
import { gapSource } from './chart-groups.ts'
import type { SeriesId } from './choice.ts'

const spanOf = (gap: HistoryGap, nowMs: number): string =>
  formatDuration((gap.toAtMs ?? nowMs) - gap.fromAtMs, 1)

/** Gaps of one server, or of one of its VMs: those of other VMs are left out. */
export const gapsInWords = (
  gaps: readonly HistoryGap[],
  vmUuid: VmUuid | null,
  nowMs: number,
  word: (reason: HistoryGap['reason']) => string
): ChartGap[] =>
  gaps
    .filter((gap) => gap.vmUuid === null || gap.vmUuid === vmUuid)
    .map((gap) => ({
      fromAtMs: gap.fromAtMs,
      toAtMs: gap.toAtMs,
      label: `${word(gap.reason)} ${spanOf(gap, nowMs)}`
    }))

export interface GapWords {
  readonly reason: (reason: HistoryGap['reason']) => string
  readonly entity: (entity: EntityRef) => string
}

/** Gaps that break lines of the series, each with whose it is; named where the series are of several. */
export function gapsOfSeries(
  gaps: readonly HistoryGap[],
  series: readonly SeriesId[],
  nowMs: number,
  words: GapWords
): ChartGap[] {
  const several =
    new Set(series.map(({ entity }) => `${entity.serverId} ${entity.kind} ${entity.key}`)).size > 1
  const concerned = gaps.filter((gap) =>
    series.some(
      ({ entity }) =>
        entity.serverId === gap.serverId &&
        (gap.vmUuid === null || (entity.kind === 'vm' && entity.key === gap.vmUuid))
    )
  )
  return concerned.map((gap) => {
    const whose: EntityRef =
      gap.vmUuid === null
        ? { serverId: gap.serverId, kind: 'server', key: '' }
        : { serverId: gap.serverId, kind: 'vm', key: gap.vmUuid }
    const text = `${words.reason(gap.reason)} ${spanOf(gap, nowMs)}`
    return {
      fromAtMs: gap.fromAtMs,
      toAtMs: gap.toAtMs,
      label: several ? `${words.entity(whose)}: ${text}` : text,
      reason: text,
      source: gapSource(gap.serverId, gap.vmUuid)
    }
  })
}
