/** Gaps of a server in words, for the bands of a chart. */
import type { HistoryGap } from '#contract/history.ts'
import type { ChartGap } from '../../charts/index.ts'
import { formatDuration } from '../../format/index.ts'

export const gapsInWords = (
  gaps: readonly HistoryGap[],
  nowMs: number,
  word: (reason: HistoryGap['reason']) => string
): ChartGap[] =>
  gaps.map((gap) => ({
    fromAtMs: gap.fromAtMs,
    toAtMs: gap.toAtMs,
    label: `${word(gap.reason)} ${formatDuration((gap.toAtMs ?? nowMs) - gap.fromAtMs, 1)}`
  }))
