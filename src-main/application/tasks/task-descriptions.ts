/** What the task drawer shows of each task of the contract. */
import type { Contract, InputOf, NamesOf, OutputOf, ProgressOf } from '#contract/define.ts'
import type { ExportEvent, ExportResult } from '#contract/exports.ts'
import type { VirthelmContract } from '#contract/index.ts'
import type { TaskDescription } from './task-registry.ts'

type TaskDescriptions<C extends Contract> = {
  readonly [N in NamesOf<C, 'task'>]: TaskDescription<InputOf<C[N]>, ProgressOf<C[N]>, OutputOf<C[N]>>
}

const exportDescription: TaskDescription<{ fileName: string }, ExportEvent, ExportResult> = {
  subject: ({ fileName }) => ({ fileName }),
  doneRatio(event) {
    if (event.kind !== 'progress') return null
    const { rows, totalRows } = event.progress
    return totalRows === null || totalRows === 0 ? null : rows / totalRows
  },
  result: (result) =>
    result.kind === 'file' ? { path: result.path, rows: result.rows } : { rows: result.rows }
}

export const taskDescriptions: TaskDescriptions<VirthelmContract> = {
  'exports.series': exportDescription,
  'exports.table': exportDescription,
  'servers.test': { subject: ({ draft }) => ({ serverName: draft.name }) }
}
