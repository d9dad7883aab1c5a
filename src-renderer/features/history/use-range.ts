/** The range of a page: chosen by preset or dates, zoomed into by drag, stepped through, and back again. */
import { computed, shallowRef, type ComputedRef, type Ref, type WritableComputedRef } from 'vue'
import type { ChartRange } from '../../charts/index.ts'
import { boundsOf, sameRange, steppedRange, type TimeRange } from './time-range.ts'

export interface RangeState {
  readonly range: WritableComputedRef<TimeRange>
  readonly zoomed: ComputedRef<boolean>
  readonly zoom: (to: ChartRange) => void
  /** Back to what was there before the first zoom. */
  readonly reset: () => void
  /** One width earlier (-1) or later (1). */
  readonly step: (direction: -1 | 1) => void
}

/** @param current where the range is kept; a ref of its own when absent */
export function useRange(
  current: Ref<TimeRange> = shallowRef<TimeRange>({ kind: 'preset', preset: 'live' })
): RangeState {
  const before = shallowRef<TimeRange | null>(null)
  return {
    range: computed({
      get: () => current.value,
      set: (range) => {
        before.value = null
        current.value = range
      }
    }),
    // Who goes back in the window's history has undone the zoom as well.
    zoomed: computed(() => before.value !== null && !sameRange(before.value, current.value)),
    zoom(to) {
      before.value ??= current.value
      current.value = { kind: 'fixed', ...to }
    },
    reset() {
      if (before.value === null) return
      current.value = before.value
      before.value = null
    },
    step(direction) {
      const nowMs = Date.now()
      current.value = steppedRange(boundsOf(current.value, nowMs), direction, nowMs)
    }
  }
}
