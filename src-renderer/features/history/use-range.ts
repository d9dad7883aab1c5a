/** The range of a page: chosen by preset or dates, zoomed into by drag, and back again. */
import { computed, shallowRef, type ComputedRef, type WritableComputedRef } from 'vue'
import type { ChartRange } from '../../charts/index.ts'
import type { TimeRange } from './time-range.ts'

export interface RangeState {
  readonly range: WritableComputedRef<TimeRange>
  readonly zoomed: ComputedRef<boolean>
  readonly zoom: (to: ChartRange) => void
  /** Back to what was there before the first zoom. */
  readonly reset: () => void
}

export function useRange(start: TimeRange = { kind: 'preset', preset: 'live' }): RangeState {
  const current = shallowRef<TimeRange>(start)
  const before = shallowRef<TimeRange | null>(null)
  return {
    range: computed({
      get: () => current.value,
      set: (range) => {
        before.value = null
        current.value = range
      }
    }),
    zoomed: computed(() => before.value !== null),
    zoom(to) {
      before.value ??= current.value
      current.value = { kind: 'fixed', ...to }
    },
    reset() {
      if (before.value === null) return
      current.value = before.value
      before.value = null
    }
  }
}
