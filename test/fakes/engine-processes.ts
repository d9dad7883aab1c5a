/** Processes of the engine in memory: every server runs the same few. */
import type { Handlers } from '#contract/define.ts'
import type { VirthelmContract } from '#contract/index.ts'
import type { ProcessOptions, ProcessRow, ProcessTable } from '#contract/processes.ts'
import { createTopic } from '../../src-main/application/streams.ts'

type ProcessHandlers = Pick<
  Handlers<VirthelmContract>,
  Extract<keyof VirthelmContract, `processes.${string}`>
>

export function fakeProcess(changes: Partial<ProcessRow> & { readonly pid: number }): ProcessRow {
  return {
    startTicks: 100,
    parentPid: 1,
    name: `process-${changes.pid}`,
    commandLine: `/usr/bin/process-${changes.pid} --serve`,
    isKernelThread: false,
    state: 'S',
    uid: 0,
    user: 'root',
    startedAtMs: Date.now() - 3_600_000,
    cpuRatio: 0.01,
    cpuMeanRatio: 0.02,
    cpuUserMs: 12_000,
    cpuSystemMs: 3_000,
    residentBytes: 50 * 2 ** 20,
    virtualBytes: 300 * 2 ** 20,
    swapBytes: 0,
    memoryRatio: 0.012,
    memoryMeanRatio: 0.011,
    threads: 1,
    nice: 0,
    readBytes: 1_000,
    writeBytes: 2_000,
    readBytesPerSec: 10,
    writeBytesPerSec: 20,
    watchedBy: [],
    ...changes
  }
}

export const fakeProcessTable = (): ProcessTable => ({
  atMs: Date.now(),
  rows: [
    fakeProcess({ pid: 1, parentPid: 0, name: 'systemd', commandLine: '/sbin/init' }),
    fakeProcess({ pid: 2, parentPid: 0, name: 'kthreadd', commandLine: '', isKernelThread: true }),
    fakeProcess({ pid: 812, name: 'nginx', user: 'www-data', uid: 33, cpuRatio: 0.4, state: 'R' }),
    fakeProcess({
      pid: 900,
      parentPid: 812,
      name: 'x\n1 (init)',
      cpuRatio: 1.75,
      commandLine: 'evil \u202e arg'
    })
  ],
  leftOut: 0,
  intervalMs: 10_000,
  patterns: []
})

export function fakeProcesses(): ProcessHandlers {
  let options: ProcessOptions = { patterns: [] }
  const tables = createTopic<ProcessTable>(fakeProcessTable())
  return {
    'processes.watch': (_input, { signal }) => tables.latest(signal),
    'processes.at': async ({ atMs }) => ({
      atMs: atMs - 3_000,
      level: 'reading',
      rows: fakeProcessTable().rows.slice(2)
    }),
    'processes.series': async ({ fromAtMs, toAtMs }) => ({
      points: Array.from({ length: 60 }, (_unused, index) => ({
        atMs: fromAtMs + Math.round(((toAtMs - fromAtMs) * index) / 60),
        cpuRatio: 0.3 + 0.1 * Math.sin(index / 6),
        memoryRatio: 0.01,
        residentBytes: 50 * 2 ** 20
      }))
    }),
    'processes.options': async () => options,
    'processes.setOptions': async ({ options: next }) => {
      options = next
      const table = fakeProcessTable()
      tables.publish({
        ...table,
        patterns: next.patterns,
        rows: table.rows.map((row) => ({
          ...row,
          watchedBy: next.patterns
            .filter(({ text }) => (row.commandLine ?? '').includes(text))
            .map(({ id }) => id)
        }))
      })
      return next
    },
    'processes.signal': async () => ({ outcome: 'ended' }),
    'processes.renice': async () => ({ outcome: 'done' }),
    'processes.exportAt': async ({ fileName }) => ({
      kind: 'file',
      path: `/home/operator/${fileName}`,
      rows: 2
    }),
    'processes.exportSeries': async ({ fileName }) => ({
      kind: 'file',
      path: `/home/operator/${fileName}`,
      rows: 60
    })
  }
}
