/** What happened to some servers in a range, for the time axis of a page. */
import type { HistoryMark } from '#contract/history.ts'
import type { ServerId } from '#contract/ids.ts'
import { computed, ref, watch, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import type { ChartEvent } from '../../charts/index.ts'
import { visibleText } from '../../ui/index.ts'
import { useMachinesStore } from '../machines/index.ts'
import { useServersStore } from '../servers/index.ts'
import type { Subject } from './choice.ts'
import { listenToMarks } from './live-feeds.ts'
import { concerns, marksInWords } from './mark-words.ts'
import { settledBounds, settleStepMs, type TimeRange } from './time-range.ts'
import { useQuestion } from './use-question.ts'

export interface MarksOptions {
  readonly subject: () => Subject
  /** Others that are compared with it. */
  readonly servers?: () => readonly ServerId[]
  readonly range: () => TimeRange
  /** The present, as the page moves on. */
  readonly nowMs: () => number
  readonly refresh: () => unknown
}

/** Marks that cannot be read are left out: the chart is of use without them. */
export function useMarks(options: MarksOptions): ComputedRef<readonly ChartEvent[]> {
  const { t, te } = useI18n()
  const servers = useServersStore()
  const machines = useMachinesStore()
  const ids = computed(() => [...new Set([options.subject().serverId, ...(options.servers?.() ?? [])])])
  /** Grows with each mark that comes in. A mark may tell of a time before the last one: all are asked for again. */
  const news = ref(0)
  watch(
    () => ids.value.join(' '),
    (_now, _before, onCleanup) => {
      const listening = ids.value.map((serverId) =>
        listenToMarks(serverId, { opened: () => undefined, event: () => (news.value += 1) })
      )
      onCleanup(() => {
        for (const stop of listening) stop()
      })
    },
    { immediate: true }
  )
  const { answer } = useQuestion({
    input: () => {
      const range = options.range()
      const bounds = settledBounds(range, options.nowMs(), settleStepMs(range))
      return { serverIds: ids.value.slice(0, 64), ...bounds }
    },
    ask: (rpc, input, signal) => rpc.call('history.marks', input, { signal }),
    topic: () => [ids.value, options.range()],
    refresh: () => `${String(options.refresh())} ${news.value}`
  })
  const nameOf = (serverId: ServerId): string => visibleText(servers.byId.get(serverId)?.record.name ?? '')
  /** On a VM's page, its server's other VMs are of no matter; of servers compared with it, no VM is. */
  function isShown(mark: HistoryMark): boolean {
    const { serverId, vmUuid } = options.subject()
    if (mark.serverId !== serverId) return !('vmUuid' in mark.event) || mark.event.vmUuid === null
    return vmUuid === null || concerns(mark, vmUuid)
  }
  return computed(() =>
    marksInWords((answer.value?.marks ?? []).filter(isShown), {
      text: (key, values) => t(`history.mark.${key}`, values),
      state: (state) => t(`machine.state.${state}`),
      preset: (preset) => (te(`alerts.presets.${preset}`) ? t(`alerts.presets.${preset}`) : preset),
      machine: ({ serverId }, vmUuid) => visibleText(machines.get({ serverId, vmUuid })?.name ?? ''),
      server: ({ serverId }) => (ids.value.length > 1 ? nameOf(serverId) : '')
    })
  )
}
