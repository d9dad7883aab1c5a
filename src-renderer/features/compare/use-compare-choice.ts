/** What the Compare page shows, kept in its address. */
import { METRICS } from '#contract/metric-catalogue.ts'
import { computed, type WritableComputedRef } from 'vue'
import { useRoute, useRouter, type LocationQueryRaw } from 'vue-router'
import { ROUTE } from '../../app/routes.ts'
import { rangeFields, rangeFrom, type TimeRange } from '../history/index.ts'

export const KINDS = ['server', 'vm'] as const
export type CompareKind = (typeof KINDS)[number]
export const BY = ['mean', 'max'] as const
export const ORDERS = ['highest', 'lowest'] as const

export interface CompareChoice {
  readonly kind: WritableComputedRef<CompareKind>
  /** Of the kind; its CPU when the address names none. */
  readonly metric: WritableComputedRef<string>
  readonly by: WritableComputedRef<(typeof BY)[number]>
  readonly order: WritableComputedRef<(typeof ORDERS)[number]>
  readonly range: WritableComputedRef<TimeRange>
}

export function useCompareChoice(): CompareChoice {
  const route = useRoute()
  const router = useRouter()
  /** While the page is being left, the last one stands. */
  const query = computed<Record<string, unknown>>((before) =>
    route.name === ROUTE.compare || before === undefined ? { ...route.query } : before
  )
  const write = (change: LocationQueryRaw): void =>
    void router.push({ name: ROUTE.compare, query: { ...(query.value as LocationQueryRaw), ...change } })
  const one = <V extends string>(field: string, values: readonly [V, ...V[]]): WritableComputedRef<V> =>
    computed({
      get: () => values.find((value) => value === query.value[field]) ?? values[0],
      set: (value) => write({ [field]: value })
    })

  const kind = one('kind', KINDS)
  return {
    kind: computed({
      get: () => kind.value,
      // Not every metric is there for both kinds.
      set: (value) => write({ kind: value, metric: undefined })
    }),
    metric: computed({
      get: () =>
        Object.keys(METRICS[kind.value]).find((id) => id === query.value['metric']) ?? 'cpuUsedRatio',
      set: (metric) => write({ metric })
    }),
    by: one('by', BY),
    order: one('order', ORDERS),
    range: computed({
      get: () => rangeFrom(query.value) ?? { kind: 'preset', preset: 'day' },
      set: (range) => write(rangeFields(range))
    })
  }
}
