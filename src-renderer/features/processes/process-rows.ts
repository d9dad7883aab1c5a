/** Rows of the table of processes: filtered, in a list or a tree, in an order that stands still while it is pointed at. Pure. */
import type { PastProcess, ProcessRef, ProcessRow } from '#contract/processes.ts'
import { sortRows, visibleText, type TableColumn, type TableSort } from '../../ui/index.ts'
import { matchesFilter, type Filter, type FilterVocabulary } from '../filter/index.ts'

export interface ShownRow {
  readonly process: ProcessRow
  /** In the tree: how many parents stand above it. */
  readonly depth: number
}

export const rowKeyOf = ({ pid, startTicks }: ProcessRef): string => `${pid}.${startTicks}`
export const keyOf = ({ process }: ShownRow): string => rowKeyOf(process)

export const VOCABULARY: FilterVocabulary = {
  fields: ['user', 'state', 'name'],
  numbers: ['cpu', 'mem', 'pid', 'nice', 'threads']
}

/** A process of the past as a row of the same table: what was not kept is missing. */
export function pastRow(process: PastProcess): ProcessRow {
  return {
    ...process,
    parentPid: 0,
    // Of all that have no command line nearly all are.
    isKernelThread: process.commandLine === '' && process.residentBytes === 0,
    uid: null,
    cpuMeanRatio: null,
    memoryMeanRatio: null,
    readBytesPerSec: null,
    writeBytesPerSec: null,
    watchedBy: []
  }
}

export interface FilterOptions {
  readonly filter: Filter
  readonly kernelThreads: boolean
  readonly means: boolean
}

export function filteredProcesses(
  processes: readonly ProcessRow[],
  { filter, kernelThreads, means }: FilterOptions
): ProcessRow[] {
  return processes.filter((process) => {
    if (!kernelThreads && process.isKernelThread) return false
    const { cpu, memory } = sharesOf(process, means)
    return matchesFilter(filter, {
      texts: [visibleText(process.name), visibleText(process.commandLine ?? ''), String(process.pid)],
      fields: {
        user: process.user === null ? [] : [visibleText(process.user)],
        state: [process.state],
        name: [visibleText(process.name)]
      },
      numbers: {
        cpu: cpu === null ? null : cpu * 100,
        mem: memory === null ? null : memory * 100,
        pid: process.pid,
        nice: process.nice,
        threads: process.threads
      }
    })
  })
}

/** The newest shares, or their means. */
export function sharesOf(
  process: ProcessRow,
  means: boolean
): { readonly cpu: number | null; readonly memory: number | null } {
  return means
    ? { cpu: process.cpuMeanRatio, memory: process.memoryMeanRatio }
    : { cpu: process.cpuRatio, memory: process.memoryRatio }
}

export const asList = (processes: readonly ProcessRow[]): ShownRow[] =>
  processes.map((process) => ({ process, depth: 0 }))

/**
 * Children below their parents; brothers and sisters in the order that is given. One whose parent is not shown (filtered away,
 * or gone) stands at the top. A circle, which a moment between two reads can show, ends at whom it began with.
 */
export function asTree(processes: readonly ProcessRow[]): ShownRow[] {
  const byPid = new Map(processes.map((process) => [process.pid, process]))
  const children = new Map<number, ProcessRow[]>()
  const tops: ProcessRow[] = []
  for (const process of processes) {
    if (process.parentPid === process.pid || !byPid.has(process.parentPid)) tops.push(process)
    else {
      const own = children.get(process.parentPid)
      if (own === undefined) children.set(process.parentPid, [process])
      else own.push(process)
    }
  }
  const rows: ShownRow[] = []
  const seen = new Set<number>()
  const walk = (from: readonly ProcessRow[]): void => {
    const stack = from.map((process) => ({ process, depth: 0 })).reverse()
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      if (seen.has(next.process.pid)) continue
      seen.add(next.process.pid)
      rows.push(next)
      const depth = next.depth + 1
      for (const process of (children.get(next.process.pid) ?? []).toReversed())
        stack.push({ process, depth })
    }
  }
  walk(tops)
  // Only circles are left.
  for (const process of processes) if (!seen.has(process.pid)) walk([process])
  return rows
}

/** Sorted by the column; in the tree brothers and sisters are. */
export function orderedRows(
  processes: readonly ProcessRow[],
  columns: readonly TableColumn<ShownRow>[],
  sort: TableSort | null,
  tree: boolean
): readonly ShownRow[] {
  const list = sortRows(asList(processes), columns, sort)
  return tree ? asTree(list.map(({ process }) => process)) : list
}

/** The new rows in the order of the old ones; those that were not there before follow. */
export function heldOrder(rows: readonly ShownRow[], order: readonly string[]): readonly ShownRow[] {
  const places = new Map(order.map((key, index) => [key, index]))
  const place = (row: ShownRow): number => places.get(keyOf(row)) ?? Number.MAX_SAFE_INTEGER
  return [...rows].sort((left, right) => place(left) - place(right))
}
