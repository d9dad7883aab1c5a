/** Choosing a part of a chart by dragging over it. */
import { computed, ref, type ComputedRef, type Ref } from 'vue'
import type { ChartRange } from './types.ts'

export interface DragZoom {
  readonly dragging: ComputedRef<boolean>
  /** What is chosen so far, in CSS pixels; null while nothing is. */
  readonly selection: ComputedRef<{ left: string; width: string } | null>
  start(atMs: number): void
  move(atMs: number): void
  /** Zooms, unless it was hardly more than a click. */
  end(): void
  cancel(): void
}

const LEAST_DRAG_PX = 5
const LEAST_ZOOM_MS = 10_000

/** A range of at least ten seconds around the middle of the given one, in whole milliseconds. */
export function zoomRange(fromAtMs: number, toAtMs: number): ChartRange {
  const middle = (fromAtMs + toAtMs) / 2
  const half = Math.max(LEAST_ZOOM_MS, toAtMs - fromAtMs) / 2
  return { fromAtMs: Math.round(middle - half), toAtMs: Math.round(middle + half) }
}

/** @param toX the pixel of a time */
export function useDragZoom(toX: (atMs: number) => number, zoom: (range: ChartRange) => void): DragZoom {
  const from: Ref<number | null> = ref(null)
  const to = ref(0)
  return {
    dragging: computed(() => from.value !== null),
    selection: computed(() => {
      if (from.value === null) return null
      const left = toX(Math.min(from.value, to.value))
      return { left: `${left}px`, width: `${toX(Math.max(from.value, to.value)) - left}px` }
    }),
    start(atMs) {
      from.value = atMs
      to.value = atMs
    },
    move(atMs) {
      if (from.value !== null) to.value = atMs
    },
    end() {
      const start = from.value
      if (start === null) return
      from.value = null
      if (Math.abs(toX(to.value) - toX(start)) >= LEAST_DRAG_PX)
        zoom(zoomRange(Math.min(start, to.value), Math.max(start, to.value)))
    },
    cancel() {
      from.value = null
    }
  }
}
