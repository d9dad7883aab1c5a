/** Which lines of a DataTable exist: those in view, and some around them. */
import { useVirtualizer } from '@tanstack/vue-virtual'
import { computed, onScopeDispose, ref, watch, type ComputedRef } from 'vue'
import type { TableLine } from './table-groups.ts'

/** Height of a heading. */
export const HEADING_PX = 32
/** Rows beyond the view, there before one scrolls to them. */
const OVERSCAN = 8

export interface LineInView<T> {
  /** Its place among all lines. */
  readonly at: number
  readonly topPx: number
  readonly line: TableLine<T>
}

export interface LinesInView<T> {
  readonly inView: ComputedRef<readonly LineInView<T>[]>
  readonly totalPx: ComputedRef<number>
  /** Width of what they are seen through. */
  readonly widthPx: ComputedRef<number>
  readonly scrollTo: (at: number) => void
}

/** How many lines beyond the view exist: none in the frame that answers a filter, which draws what is seen and nothing else. */
function useOverscan(count: () => number): () => number {
  const overscan = ref(OVERSCAN)
  let frame = 0
  watch(count, () => {
    overscan.value = 0
    cancelAnimationFrame(frame)
    frame = requestAnimationFrame(() => {
      frame = requestAnimationFrame(() => (overscan.value = OVERSCAN))
    })
  })
  onScopeDispose(() => cancelAnimationFrame(frame))
  return () => overscan.value
}

/** In setup only. @param rowPx height of a row */
export function useLinesInView<T>(
  lines: () => readonly TableLine<T>[],
  scroller: () => HTMLElement | null,
  rowPx: () => number
): LinesInView<T> {
  const count = computed(() => lines().length)
  /** News leave the headings where they are nearly always: the same object then, and no line is measured anew. */
  const headings = computed<readonly number[]>((before) => {
    const now = lines().flatMap(({ kind }, at) => (kind === 'group' ? [at] : []))
    return before?.length === now.length && now.every((one, index) => one === before[index]) ? before : now
  })
  const overscan = useOverscan(() => count.value)
  const virtualizer = useVirtualizer(
    computed(() => {
      const isHeading = new Set(headings.value)
      const heightPx = rowPx()
      return {
        count: count.value,
        getScrollElement: scroller,
        estimateSize: (at: number) => (isHeading.has(at) ? HEADING_PX : heightPx),
        // A new function has it measure anew.
        getItemKey: (at: number) => at,
        overscan: overscan(),
        initialRect: { width: 800, height: 600 }
      }
    })
  )
  return {
    inView: computed(() =>
      virtualizer.value.getVirtualItems().flatMap(({ index, start }) => {
        const line = lines()[index]
        return line === undefined ? [] : [{ at: index, topPx: start, line }]
      })
    ),
    totalPx: computed(() => virtualizer.value.getTotalSize()),
    widthPx: computed(() => virtualizer.value.scrollRect?.width ?? 0),
    scrollTo: (at) => virtualizer.value.scrollToIndex(at, { align: 'auto' })
  }
}
