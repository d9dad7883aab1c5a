/** The history of what an alert is about, read again as time goes on. */
import type { Alert } from '#contract/alerts.ts'
import type { HistoryGap } from '#contract/history.ts'
import { computed, type ComputedRef, type Ref } from 'vue'
import { useNow } from '../../app/now.ts'
import type { Rpc } from '../../app/rpc-provider.ts'
import { useQuestion, type Question } from '../history/index.ts'
import { seriesOfAlert, trendSpan, type TrendSpan } from './alert-trend.ts'

export interface TrendData {
  readonly atMs: readonly number[]
  readonly values: readonly (number | null)[]
  /** Lowest and highest of each bucket; empty where a bucket is one sample. */
  readonly min: readonly (number | null)[]
  readonly max: readonly (number | null)[]
  readonly gaps: readonly HistoryGap[]
}
export interface Trend extends Question<TrendData> {
  readonly span: ComputedRef<TrendSpan>
  /** The present in steps: pictures are drawn again a pixel at a time. */
  readonly nowMs: Ref<number>
}

const LEAST_STEP_MS = 10_000

/** Whether anything is kept over time of what it is about. */
export const hasTrend = (alert: Alert): boolean => seriesOfAlert(alert) !== null || alert.process !== null

type Asked = Pick<Alert, 'serverId' | 'entity' | 'process' | 'watch'> & TrendSpan & { maxPoints: number }

async function read(rpc: Rpc, asked: Asked, signal: AbortSignal): Promise<TrendData> {
  const { serverId, process, watch, fromAtMs, toAtMs, maxPoints } = asked
  const series = seriesOfAlert(asked)
  if (series === null && process !== null) {
    const { pid, startTicks } = process
    const { points } = await rpc.call(
      'processes.series',
      { serverId, process: { pid, startTicks }, fromAtMs, toAtMs },
      { signal }
    )
    const isMemory = watch.kind === 'process' && watch.measure === 'memoryUsedRatio'
    const values = points.map(({ cpuRatio, memoryRatio }) => (isMemory ? memoryRatio : cpuRatio))
    return { atMs: points.map(({ atMs }) => atMs), values, min: [], max: [], gaps: [] }
  }
  if (series === null) return { atMs: [], values: [], min: [], max: [], gaps: [] }
  const answer = await rpc.call(
    'history.read',
    { series: [{ entity: series.entity, metrics: [series.metric] }], fromAtMs, toAtMs, maxPoints },
    { signal }
  )
  const [first] = answer.series
  return {
    atMs: answer.atMs,
    values: first?.mean ?? [],
    min: first?.min ?? [],
    max: first?.max ?? [],
    gaps: answer.gaps
  }
}

/** In setup only. @param pixels the width of the picture */
export function useTrend(alert: () => Alert, pixels: number): Trend {
  const clock = useNow()
  const nowMs = computed(() => {
    const { fromAtMs, toAtMs } = trendSpan(alert(), clock.value)
    const stepMs = Math.max(LEAST_STEP_MS, 2 ** Math.ceil(Math.log2((toAtMs - fromAtMs) / pixels)))
    return Math.ceil(clock.value / stepMs) * stepMs
  })
  const span = computed(() => trendSpan(alert(), nowMs.value))
  const question = useQuestion<Asked, TrendData>({
    input: () => {
      const { serverId, entity, process, watch } = alert()
      if (!hasTrend(alert())) return null
      return {
        serverId,
        entity,
        process,
        watch,
        fromAtMs: Math.floor(span.value.fromAtMs),
        toAtMs: Math.ceil(Math.min(span.value.toAtMs, nowMs.value)),
        maxPoints: pixels
      }
    },
    ask: read,
    topic: () => alert().id
  })
  return { ...question, span, nowMs }
}
