/** Pages of a table of rows, read as it is scrolled; what is no longer looked at is not read to its end. */
import { AppError } from '#contract/errors.ts'
import type { HistoryLevel, SeriesRef } from '#contract/history.ts'
import { onScopeDispose, ref, shallowRef, triggerRef, watch, type Ref, type ShallowRef } from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'
import { PAGE_ROWS, RowPages, type TableRow } from './row-pages.ts'

export interface RowsQuestion {
  readonly series: readonly SeriesRef[]
  readonly fromAtMs: number
  readonly toAtMs: number
  readonly level: HistoryLevel
}

export interface RowsState {
  readonly rowCount: Ref<number>
  readonly ended: Ref<boolean>
  /** The level that answered; null until the first page is there. */
  readonly level: Ref<HistoryLevel | null>
  readonly error: Readonly<ShallowRef<AppError | null>>
  /** Changes whenever rows came in. */
  readonly version: Readonly<ShallowRef<number>>
  row(index: number): TableRow | undefined
  /** Reads what is missing of the rows in view. */
  look(from: number, to: number): void
  retry(): void
}

export function useRowPages(question: () => RowsQuestion | null): RowsState {
  const rpc = useRpc()
  const pages = shallowRef(new RowPages(0))
  const rowCount = ref(0)
  const ended = ref(false)
  const level = ref<HistoryLevel | null>(null)
  const error = shallowRef<AppError | null>(null)
  const version = ref(0)
  let life = new AbortController()
  const reading = new Set<number>()
  let view = { from: 0, to: 50 }

  async function read(page: number, asked: RowsQuestion): Promise<void> {
    const info = pages.value.info(page)
    if (info === undefined || reading.has(page)) return
    const mine = life
    reading.add(page)
    try {
      const answer = await rpc.call(
        'history.rowsPage',
        {
          series: [...asked.series],
          fromAtMs: asked.fromAtMs,
          beforeAtMs: info.beforeAtMs,
          level: asked.level,
          limit: PAGE_ROWS
        },
        { signal: mine.signal }
      )
      if (mine.signal.aborted) return
      pages.value.put(page, answer)
      rowCount.value = pages.value.rowCount
      ended.value = pages.value.ended
      level.value ??= answer.level
      error.value = null
      version.value += 1
      triggerRef(pages)
    } catch (cause) {
      if (mine.signal.aborted) return
      error.value = cause instanceof AppError ? cause : new AppError('internal', { cause })
      return
    } finally {
      if (life === mine) reading.delete(page)
    }
    fill()
  }

  /** One at a time, the one in view first: a long way scrolled does not queue up all that lies between. */
  function fill(): void {
    const asked = question()
    if (asked === null || reading.size > 0) return
    const [next] = pages.value.missing(view.from, view.to)
    if (next !== undefined) void read(next, asked)
  }

  watch(
    [() => JSON.stringify(question()), rpc.generation],
    () => {
      life.abort()
      life = new AbortController()
      reading.clear()
      const asked = question()
      pages.value = new RowPages(asked?.toAtMs ?? 0)
      rowCount.value = 0
      ended.value = false
      level.value = null
      error.value = null
      view = { from: 0, to: 50 }
      fill()
    },
    { immediate: true }
  )
  onScopeDispose(() => life.abort())

  return {
    rowCount,
    ended,
    level,
    error,
    version,
    row: (index) => pages.value.row(index),
    look(from, to) {
      view = { from, to }
      if (error.value === null) fill()
    },
    retry() {
      error.value = null
      fill()
    }
  }
}
