/**
 * Series of one or several servers over a range: read with at most one point per pixel, then continued live. One read
 * for all charts of a page, so that they show the same level at the same time.
 */
import { AppError } from '#contract/errors.ts'
import type { LiveTick, SeriesRef } from '#contract/history.ts'
import type { ServerId } from '#contract/ids.ts'
import {
  computed,
  onScopeDispose,
  ref,
  shallowRef,
  toValue,
  watch,
  type ComputedRef,
  type MaybeRefOrGetter,
  type Ref,
  type ShallowRef
} from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'
import type { ChartRange } from '../../charts/index.ts'
import { listenToTicks } from './live-feeds.ts'
import { appendTick, byServer, type SeriesData } from './series-data.ts'
import { boundsOf, pointsFor, stepOf, type TimeRange } from './time-range.ts'

export interface HistoriesOptions {
  /** Changing it reads again; keep its identity while nothing changed. */
  readonly series: MaybeRefOrGetter<readonly SeriesRef[]>
  readonly range: MaybeRefOrGetter<TimeRange>
  /** Width of the widest chart. */
  readonly pixels: MaybeRefOrGetter<number>
  /** Whatever else means that gaps may have changed: the connection's state, say. */
  readonly refresh?: MaybeRefOrGetter<unknown>
}

export interface Histories {
  /** By server; null until the first answer. A new wrapper with each change. */
  readonly data: Readonly<ShallowRef<ReadonlyMap<ServerId, SeriesData> | null>>
  /** What the charts show: moves with time for a preset. */
  readonly bounds: ComputedRef<ChartRange>
  readonly loading: Readonly<Ref<boolean>>
  readonly error: Readonly<ShallowRef<AppError | null>>
  readonly retry: () => void
}

/** A pause this long means a gap that main has recorded by now: read again to learn its reason. */
const GAP_READ_MS = 15_000
const SETTLE_MS = 40

export function useHistories(options: HistoriesOptions): Histories {
  const rpc = useRpc()
  const data = shallowRef<ReadonlyMap<ServerId, SeriesData> | null>(null)
  const loading = ref(true)
  const error = shallowRef<AppError | null>(null)
  const nowMs = ref(Date.now())
  const range = computed(() => toValue(options.range))
  const points = computed(() => pointsFor(range.value, toValue(options.pixels)))
  const bounds = computed(() => boundsOf(range.value, nowMs.value))

  let reading: AbortController | null = null
  let settle: ReturnType<typeof setTimeout> | undefined
  /** Ticks that came while a read was under way. */
  let waiting: LiveTick[] = []
  let readFor = ''

  async function read(): Promise<void> {
    reading?.abort()
    const series = toValue(options.series)
    if (series.length === 0) data.value = null
    if (series.length === 0 || toValue(options.pixels) <= 0) return
    const mine = new AbortController()
    reading = mine
    loading.value = true
    waiting = []
    nowMs.value = Date.now()
    const { fromAtMs, toAtMs } = bounds.value
    try {
      const answer = await rpc.call(
        'history.read',
        {
          series: [...series],
          fromAtMs: Math.floor(fromAtMs),
          toAtMs: Math.ceil(toAtMs),
          maxPoints: points.value
        },
        { signal: mine.signal }
      )
      if (mine.signal.aborted) return
      const next = byServer(
        answer,
        series.map(({ entity }) => entity.serverId)
      )
      for (const tick of waiting) {
        const of = next.get(tick.serverId)
        if (of !== undefined) appendTick(of, tick, bounds.value.fromAtMs)
      }
      data.value = next
      error.value = null
    } catch (cause) {
      if (mine.signal.aborted) return
      error.value = cause instanceof AppError ? cause : new AppError('internal', { cause })
    }
    if (reading === mine) {
      reading = null
      loading.value = false
      waiting = []
    }
  }

  function readSoon(): void {
    clearTimeout(settle)
    settle = setTimeout(() => void read(), SETTLE_MS)
  }

  function readNow(): void {
    clearTimeout(settle)
    void read()
  }

  function onTick(tick: LiveTick): void {
    if (range.value.kind === 'fixed') return
    if (reading !== null) waiting.push(tick)
    const current = data.value?.get(tick.serverId)
    if (current === undefined) return
    const last = current.atMs.at(-1)
    if (last !== undefined && tick.atMs - last > Math.max(GAP_READ_MS, current.bucketMs * 3)) readSoon()
    appendTick(current, tick, bounds.value.fromAtMs)
    nowMs.value = Math.max(nowMs.value, tick.atMs)
    // A wrapper of its own: those who were given the last one as a prop must see that something changed.
    data.value = new Map(data.value).set(tick.serverId, { ...current })
  }

  const servers = computed(() =>
    [...new Set(toValue(options.series).map((series) => series.entity.serverId))].sort().join(' ')
  )
  watch(
    servers,
    (ids, _before, onCleanup) => {
      const listening = ids
        .split(' ')
        .filter((id) => id !== '')
        .map((id) => listenToTicks(id as ServerId, { opened: readSoon, event: onTick }))
      onCleanup(() => {
        for (const stop of listening) stop()
      })
    },
    { immediate: true }
  )
  // Reading again: whenever the question changes.
  watch(
    () => [
      toValue(options.series),
      range.value,
      points.value,
      toValue(options.pixels) > 0,
      toValue(options.refresh),
      rpc.generation.value
    ],
    () => {
      // A new question about the range is shown at once with what is there; the answer replaces it.
      const question = JSON.stringify(range.value)
      const isAsked = question !== readFor
      readFor = question
      if (isAsked) nowMs.value = Date.now()
      // Somebody waits for another range; all else comes in flocks (a window dragged wider, facts that come in).
      if (isAsked && data.value !== null) readNow()
      else readSoon()
    },
    { immediate: true }
  )

  // A server that is off sends no ticks, but time goes on.
  let mover: ReturnType<typeof setInterval> | undefined
  watch(
    [range, points],
    () => {
      clearInterval(mover)
      if (range.value.kind === 'fixed') return
      mover = setInterval(
        () => {
          if (!document.hidden) nowMs.value = Math.max(nowMs.value, Date.now())
        },
        stepOf(range.value, points.value)
      )
    },
    { immediate: true }
  )
  onScopeDispose(() => {
    clearInterval(mover)
    clearTimeout(settle)
    reading?.abort()
  })

  return { data, bounds, loading, error, retry: readSoon }
}
