/** Series of one server over a range; see use-histories.ts. */
import type { ServerId } from '#contract/ids.ts'
import { computed, toValue, type ComputedRef, type MaybeRefOrGetter } from 'vue'
import type { SeriesData } from './series-data.ts'
import { useHistories, type Histories, type HistoriesOptions } from './use-histories.ts'

export interface HistoryOptions extends HistoriesOptions {
  /** Of all the series. */
  readonly serverId: MaybeRefOrGetter<ServerId>
}

export interface History extends Omit<Histories, 'data'> {
  /** null until the first answer about this server. A new wrapper with each change. */
  readonly data: ComputedRef<SeriesData | null>
}

export function useHistory(options: HistoryOptions): History {
  const histories = useHistories(options)
  // By server: another server's data never stands under its name.
  return { ...histories, data: computed(() => histories.data.value?.get(toValue(options.serverId)) ?? null) }
}
