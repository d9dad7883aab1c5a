import { expect, it } from 'vitest'
import { noTools } from '../../../test/fakes/engine-parts.ts'
import { processKey } from '../../domain/processes/process.ts'
import type { ProcessStat } from '../../domain/processes/proc-stat-records.ts'
import { CommandLines } from './command-lines.ts'
import type { ProcessTools } from './process-tools.ts'

const signal = new AbortController().signal
const stat = (pid: number, changes: Partial<ProcessStat> = {}): ProcessStat =>
  ({ pid, startTicks: pid * 10, name: 'a', state: 'S', isKernelThread: false, ...changes }) as ProcessStat

function asked() {
  const pids: number[][] = []
  const tools = {
    commandLines: async (_tools: unknown, of: readonly number[]) => {
      pids.push([...of])
      return new Map(of.map((pid) => [pid, `line ${pid}`]))
    }
  } as unknown as ProcessTools
  const lines = new CommandLines(tools)
  const update = (stats: readonly ProcessStat[], youngFromTicks: number): Promise<void> =>
    lines.update(stats, { tools: noTools, nowMs: 0, youngFromTicks, signal })
  return { pids, lines, update }
}

it('asks a young process at the next reading, and all at once where somebody looks', async () => {
  const { pids, lines, update } = asked()
  await update([stat(1), stat(5)], 50)
  expect(pids).toEqual([[1]])
  await update([stat(1), stat(5)], 1_050)
  expect(pids).toEqual([[1], [5]])
  expect(lines.of(processKey(stat(5)))).toBe('line 5')
  await update([stat(9)], Number.POSITIVE_INFINITY)
  expect(pids.at(-1)).toEqual([9])
})

it('asks none that has ended, and keeps what it was', async () => {
  const { pids, lines, update } = asked()
  await update([stat(1), stat(2, { state: 'Z' })], 1_000)
  expect(lines.of(processKey(stat(2)))).toBe('')
  await update([stat(1, { state: 'Z' })], 1_000)
  await update([stat(1)], 1_000)
  expect(pids).toEqual([[1]])
})
