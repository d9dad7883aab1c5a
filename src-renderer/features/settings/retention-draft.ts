/** The spans and the budget while they are typed: what is wrong with them, and what they would mean. */
import type { Settings } from '#contract/settings.ts'
import { computed, reactive, watch } from 'vue'

export type Retention = Settings['retention']
export type SpanId = 'rawDays' | 'minuteDays' | 'hourDays'

/** Smallest and largest number of days, as the contract has them. */
export const SPAN_LIMITS: Readonly<Record<SpanId, readonly [min: number, max: number]>> = {
  rawDays: [1, 90],
  minuteDays: [7, 1_000],
  hourDays: [30, 10_000]
}
export const SPANS = ['rawDays', 'minuteDays', 'hourDays'] as const satisfies readonly SpanId[]
/** In GiB. The contract allows 64 MiB: enough for a test, too little for a day. */
export const BUDGET_LIMITS = [0.1, 100_000] as const

const GIB = 1024 ** 3
const FIRST_BUDGET_GIB = 10
/** As it is shown: two decimals are enough for a budget. */
const shownGib = (bytes: number | null): number | null =>
  bytes === null ? null : Math.round((bytes / GIB) * 100) / 100

const isWithin = (value: number | null, [min, max]: readonly [number, number]): boolean =>
  value !== null && value >= min && value <= max

export function useRetentionDraft(saved: () => Retention) {
  const draft = reactive<{
    spans: Record<SpanId, number | null>
    isLimited: boolean
    budgetGib: number | null
  }>({
    spans: { rawDays: null, minuteDays: null, hourDays: null },
    isLimited: false,
    budgetGib: FIRST_BUDGET_GIB
  })
  watch(
    saved,
    ({ rawDays, minuteDays, hourDays, budgetBytes }) => {
      draft.spans = { rawDays, minuteDays, hourDays }
      draft.isLimited = budgetBytes !== null
      draft.budgetGib = shownGib(budgetBytes) ?? FIRST_BUDGET_GIB
    },
    { immediate: true }
  )

  const isSpanValid = (id: SpanId): boolean =>
    Number.isInteger(draft.spans[id]) && isWithin(draft.spans[id], SPAN_LIMITS[id])
  const isBudgetValid = computed(() => !draft.isLimited || isWithin(draft.budgetGib, BUDGET_LIMITS))
  const budgetBytes = computed(() => {
    if (!draft.isLimited || draft.budgetGib === null) return null
    // What was not touched stays exact.
    const before = saved().budgetBytes
    return draft.budgetGib === shownGib(before) ? before : Math.round(draft.budgetGib * GIB)
  })
  /** null while a field is wrong. */
  const complete = computed<Retention | null>(() => {
    const { rawDays, minuteDays, hourDays } = draft.spans
    if (rawDays === null || minuteDays === null || hourDays === null) return null
    if (!SPANS.every(isSpanValid) || !isBudgetValid.value) return null
    return { rawDays, minuteDays, hourDays, budgetBytes: budgetBytes.value }
  })
  const isOrdered = computed(
    () =>
      complete.value === null ||
      (complete.value.rawDays <= complete.value.minuteDays &&
        complete.value.minuteDays <= complete.value.hourDays)
  )
  const isChanged = computed(
    () => SPANS.some((id) => draft.spans[id] !== saved()[id]) || budgetBytes.value !== saved().budgetBytes
  )
  return { draft, isSpanValid, isBudgetValid, complete, isOrdered, isChanged }
}
