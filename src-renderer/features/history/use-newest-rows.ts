/** The newest rows of some series of one server: read once, then continued live. */
import { AppError } from '#contract/errors.ts'
import type { LiveTick, SeriesRef } from '#contract/history.ts'
import { computed, onScopeDispose, shallowRef, watch, type ComputedRef, type ShallowRef } from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'
import { listenToTicks } from './live-feeds.ts'
import type { TableRow } from './row-pages.ts'

/** So many are at a glance. */
export const NEWEST_ROWS = 30
/** Older than this, a value is no newest one of a server that is measured every few seconds. */
const REACH_MS = 24 * 3_600_000

export interface NewestRows {
  /** Newest first, at most NEWEST_ROWS. */
  readonly rows: Readonly<ShallowRef<readonly TableRow[]>>
  /** Rows that came in while they were held back. */
  readonly waiting: ComputedRef<number>
  readonly ready: Readonly<ShallowRef<boolean>>
  readonly error: Readonly<ShallowRef<AppError | null>>
  readonly showWaiting: () => void
  readonly retry: () => void
}

/** A tick as a row; null when it holds none of the series. */
function rowOf(tick: LiveTick, series: readonly SeriesRef[]): TableRow | null {
  const values = series.flatMap(({ entity, metrics }) => {
    const measured = tick.entities.find(({ kind, key }) => kind === entity.kind && key === entity.key)
    return metrics.map((metric) => measured?.values[metric] ?? null)
  })
  return values.some((value) => value !== null) ? { atMs: tick.atMs, values } : null
}

/** The newer ones first, without doubles, at most NEWEST_ROWS. */
export function newestOfAll(newer: readonly TableRow[], older: readonly TableRow[]): TableRow[] {
  const times = new Set(newer.map((row) => row.atMs))
  return [...newer, ...older.filter((row) => !times.has(row.atMs))]
    .sort((one, other) => other.atMs - one.atMs)
    .slice(0, NEWEST_ROWS)
}

/** @param options `hold`: somebody reads, rows must not move under the eyes */
export function useNewestRows(options: {
  series: () => readonly SeriesRef[]
  hold: () => boolean
}): NewestRows {
  const rpc = useRpc()
  const rows = shallowRef<readonly TableRow[]>([])
  const held = shallowRef<readonly TableRow[]>([])
  const ready = shallowRef(false)
  const error = shallowRef<AppError | null>(null)
  const asked = computed(() => JSON.stringify(options.series()))
  let reading: AbortController | null = null

  async function read(): Promise<void> {
    reading?.abort()
    const mine = new AbortController()
    reading = mine
    const nowMs = Date.now()
    try {
      const page = await rpc.call(
        'history.rowsPage',
        {
          series: [...options.series()],
          fromAtMs: nowMs - REACH_MS,
          beforeAtMs: nowMs + 1,
          level: 'raw',
          limit: NEWEST_ROWS
        },
        { signal: mine.signal }
      )
      if (mine.signal.aborted) return
      const found = page.atMs.map((atMs, index) => ({ atMs, values: page.rows[index] ?? [] }))
      // Where raw values are gone, means of minutes are no newest values.
      rows.value = newestOfAll(rows.value, page.level === 'raw' ? found : [])
      error.value = null
      ready.value = true
    } catch (cause) {
      if (mine.signal.aborted) return
      error.value = cause instanceof AppError ? cause : new AppError('internal', { cause })
    }
  }
  function showWaiting(): void {
    if (held.value.length === 0) return
    rows.value = newestOfAll(held.value, rows.value)
    held.value = []
  }
  function onTick(tick: LiveTick): void {
    const row = rowOf(tick, options.series())
    if (row === null) return
    held.value = newestOfAll([row], held.value)
    if (!options.hold()) showWaiting()
  }

  watch(
    [asked, rpc.generation],
    ([now], [before]) => {
      if (now !== before) {
        rows.value = []
        held.value = []
        ready.value = false
      }
      void read()
    },
    { immediate: true }
  )
  watch(
    () => options.series()[0]?.entity.serverId,
    (serverId, _before, onCleanup) => {
      if (serverId !== undefined)
        onCleanup(listenToTicks(serverId, { opened: () => void read(), event: onTick }))
    },
    { immediate: true }
  )
  watch(options.hold, (hold) => {
    if (!hold) showWaiting()
  })
  onScopeDispose(() => reading?.abort())

  return {
    rows,
    waiting: computed(() => held.value.length),
    ready,
    error,
    showWaiting,
    retry: () => void read()
  }
}
