/** One action on many machines while it runs and after: the state of each, stopping the rest, the failed ones again. */
import type { BulkItem, BulkProgress } from '#contract/bulk.ts'
import type { MachineAction } from '#contract/vocabulary.ts'
import { shallowRef, type ShallowRef } from 'vue'
import type { Rpc } from '../../app/rpc-provider.ts'
import { toErrorInfo } from '../../locales/error-words.ts'
import type { MachineRow } from './machine-rows.ts'

export interface BulkRow {
  readonly row: Pick<MachineRow, 'view' | 'serverName'>
  readonly state: BulkItem['state'] | 'waiting'
  readonly error: BulkItem['error']
}

export interface BulkRun {
  readonly action: MachineAction
  readonly rows: Readonly<ShallowRef<readonly BulkRow[]>>
  readonly running: Readonly<ShallowRef<boolean>>
  /** Of the task as a whole (the console does not answer, say). */
  readonly error: Readonly<ShallowRef<unknown>>
  /** Starts no more; what was sent is waited for. */
  stop(): void
  /** Runs the failed ones and those that were never begun once more. Resolves when they have ended. */
  again(): Promise<void>
  /** Of the first run. */
  readonly ended: Promise<void>
}

export function startBulk(rpc: Rpc, action: MachineAction, machines: readonly BulkRow['row'][]): BulkRun {
  const rows = shallowRef<readonly BulkRow[]>(machines.map((row) => ({ row, state: 'waiting', error: null })))
  const running = shallowRef(false)
  const error = shallowRef<unknown>(null)
  let abort = new AbortController()

  /** `places`: where the targets stand among the rows. */
  async function run(places: readonly number[]): Promise<void> {
    running.value = true
    error.value = null
    abort = new AbortController()
    const take = (items: readonly BulkItem[]): void => {
      const next = [...rows.value]
      for (const { index, state, error: why } of items) {
        const place = places[index]
        const row = place === undefined ? undefined : next[place]
        if (place !== undefined && row !== undefined) next[place] = { ...row, state, error: why }
      }
      rows.value = next
    }
    const open = new Set(places)
    rows.value = rows.value.map((row, place) =>
      open.has(place) ? { row: row.row, state: 'waiting', error: null } : row
    )
    try {
      const targets = places.flatMap((place) => {
        const view = rows.value[place]?.row.view
        return view === undefined ? [] : [{ ...view.ref, seenName: view.name }]
      })
      const onProgress = ({ items }: BulkProgress): void => take(items)
      const { items } = await rpc.task('bulk.run', { action, targets }, { signal: abort.signal, onProgress })
        .result
      take(items)
    } catch (cause) {
      // Stopped by the operator: each row says how far it came.
      if (toErrorInfo(cause).code !== 'cancelled') error.value = cause
      rows.value = rows.value.map((row) => (row.state === 'waiting' ? { ...row, state: 'skipped' } : row))
    } finally {
      running.value = false
    }
  }

  const unfinished = (): number[] =>
    rows.value.flatMap(({ state }, place) => (state === 'failed' || state === 'skipped' ? [place] : []))
  return {
    action,
    rows,
    running,
    error,
    stop: () => abort.abort(),
    again: () => run(unfinished()),
    ended: run(machines.map((_row, place) => place))
  }
}
