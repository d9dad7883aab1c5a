import { describe, expect, it } from 'vitest'
import { fakeProcess } from '../../../test/fakes/engine-processes.ts'
import { parseFilter } from '../filter/index.ts'
import { asTree, filteredProcesses, heldOrder, keyOf, orderedRows, VOCABULARY } from './process-rows.ts'

const rows = [
  fakeProcess({ pid: 1, parentPid: 0, name: 'systemd', cpuRatio: 0.1 }),
  fakeProcess({ pid: 10, parentPid: 1, name: 'nginx', cpuRatio: 0.3, user: 'www-data', cpuMeanRatio: 0.9 }),
  fakeProcess({ pid: 11, parentPid: 10, name: 'worker', cpuRatio: 0.2 }),
  fakeProcess({ pid: 20, parentPid: 1, name: 'sshd', cpuRatio: null }),
  fakeProcess({ pid: 2, parentPid: 0, name: 'kthreadd', isKernelThread: true, commandLine: '' })
]
const columns = [
  {
    id: 'cpu',
    header: 'CPU',
    sortBy: (row: { process: { cpuRatio: number | null } }) => row.process.cpuRatio
  }
]
const pids = (shown: readonly { process: { pid: number } }[]): number[] =>
  shown.map(({ process }) => process.pid)

describe('rows of processes', () => {
  it.each([
    ['user:www cpu>20', false, [10]],
    ['cpu>50', true, [10]],
    ['worker', false, [11]],
    ['-user:root', false, [10]],
    ['', false, [1, 10, 11, 20]]
  ] as const)('are filtered by %j', (text, means, expected) => {
    const filter = parseFilter(text, VOCABULARY)
    expect(filteredProcesses(rows, { filter, kernelThreads: false, means }).map(({ pid }) => pid)).toEqual(
      expected
    )
  })

  it('stand below their parents, brothers and sisters in the order of the sort', () => {
    const shown = orderedRows(rows, columns, { columnId: 'cpu', descending: false }, true)
    expect(shown.map(({ process, depth }) => [process.pid, depth])).toEqual([
      [2, 0],
      [1, 0],
      [10, 1],
      [11, 2],
      [20, 1]
    ])
  })

  it('in a circle are all shown, once', () => {
    const circle = [
      fakeProcess({ pid: 5, parentPid: 6 }),
      fakeProcess({ pid: 6, parentPid: 5 }),
      fakeProcess({ pid: 7, parentPid: 7 })
    ]
    expect(pids(asTree(circle)).sort()).toEqual([5, 6, 7])
  })

  it('stay where they are while they are pointed at; new ones follow', () => {
    const sort = { columnId: 'cpu', descending: true }
    const before = orderedRows(rows, columns, sort, false)
    const next = [
      ...rows.filter(({ pid }) => pid !== 11).map((row) => (row.pid === 20 ? { ...row, cpuRatio: 9 } : row)),
      fakeProcess({ pid: 99, cpuRatio: 5 })
    ]
    const held = heldOrder(orderedRows(next, columns, sort, false), before.map(keyOf))
    expect(pids(held)).toEqual([...pids(before).filter((pid) => pid !== 11), 99])
  })
})
