/** The archive of reports, the schedule, and when the next ones are made. */
import type { ReportsView } from '#contract/reports.ts'
import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'
import { createWatch } from '../../app/watch.ts'

export const useReportArchive = defineStore('reportArchive', () => {
  const rpc = useRpc()
  /** null = not read yet. */
  const view = shallowRef<ReportsView | null>(null)
  const watch = createWatch<ReportsView>(rpc, {
    open: (from, signal) => from.stream('reports.watch', {}, { signal }),
    apply: (next) => (view.value = next)
  })
  return { view, watch }
})
