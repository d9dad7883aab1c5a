/** Plays what the lane of processes asks of a demo server: /proc's texts, its scripts, and what is done to a process. */
import type { SimulatedHost } from '../host.ts'
import { TICKS_PER_SEC } from '../host-counters.ts'
import { answerRun } from '../lane-run.ts'
import type { LanePlayer } from '../model.ts'
import { type DemoProcess, ticksOf } from '../processes.ts'
import type { ToolPlayer } from './player.ts'

const PAGE_BYTES = 4096
const KERNEL_THREAD_FLAGS = 0x0020_8040
const USER_FLAGS = 0x0040_0100

/** The answer to `p` and `P` of the sampler's lane. */
export function processRecords(host: SimulatedHost): string {
  const uptimeSec = host.uptimeSec()
  return [
    'all',
    `${uptimeSec.toFixed(2)} 0.00`,
    ...host.processes.all().map((one) => record(one, uptimeSec))
  ].join('\n')
}

/** The answer to `u:PID,PID`. */
export function processStatuses(host: SimulatedHost, pids: ReadonlySet<number>): string {
  return host.processes
    .all()
    .filter(({ pid }) => pids.has(pid))
    .map(({ pid, uid }) => `Pid:\t${pid}\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\nVmSwap:\t       0 kB`)
    .join('\n')
}

function record(process: DemoProcess, uptimeSec: number): string {
  const { user, system } = ticksOf(process, uptimeSec)
  const isKernel = process.args.length === 0
  const state = process.cpu > 0.3 ? 'R' : isKernel ? 'I' : 'S'
  const virtual = isKernel ? 0 : process.residentBytes * 3 + 180_000_000
  const fields = [
    process.parentPid,
    process.pid,
    process.pid,
    0,
    -1,
    isKernel ? KERNEL_THREAD_FLAGS : USER_FLAGS,
    1200,
    0,
    0,
    0,
    user,
    system,
    0,
    0,
    20 + process.nice,
    process.nice,
    process.threads,
    0,
    process.startTicks,
    Math.round(virtual),
    Math.round(process.residentBytes / PAGE_BYTES)
  ]
  return `${process.pid} (${process.name}) ${state} ${fields.join(' ')} ${'0 '.repeat(27)}0`
}

export const playProcessTools: ToolPlayer = (host, script) => {
  const done = (stdout: string): { stdout: string; exitCode: number } => ({ stdout, exitCode: 0 })
  if (script.includes('getconf PAGESIZE')) {
    const users = host.processes.users().map(([name, uid]) => `${name}:x:${uid}`)
    const memory = `MemTotal:       ${Math.round(host.profile.memoryBytes / 1024)} kB`
    return done([memory, `page ${PAGE_BYTES}`, `tick ${TICKS_PER_SEC}`, 'users', ...users].join('\n'))
  }
  if (script.includes('/cmdline')) {
    const pids = new Set([...script.matchAll(/(\d+)\/cmdline/g)].map(([, pid]) => Number(pid)))
    const lines = host.processes
      .all()
      .filter(({ pid, args }) => pids.has(pid) && args.length > 0)
      .map(({ pid, args }) => `${pid}/cmdline:${args.join('\u001f')}\u001f`)
    return done(lines.join('\n'))
  }
  if (script.includes(']*/io')) {
    const uptimeSec = host.uptimeSec()
    const lines = host.processes.all().flatMap((one) => {
      if (one.args.length === 0) return []
      const { user } = ticksOf(one, uptimeSec)
      return [`${one.pid}/io:read_bytes: ${user * 512}`, `${one.pid}/io:write_bytes: ${user * 2048}`]
    })
    return done([uptimeSec.toFixed(2), ...lines].join('\n'))
  }
  return script.includes('getent passwd') ? done('') : null
}

/** Signals and niceness, sent as scripts of the lane `run`. */
export function createProcessActsPlayer(host: SimulatedHost): LanePlayer {
  return {
    attach(lane, io) {
      const [, start] = /^\[ "\$start" = (\d+) \] \|\| exit 97$/m.exec(io.script) ?? []
      if (lane !== 'run' || start === undefined) return false
      const [, pidText] = /\/proc\/(\d+)\/stat/.exec(io.script) ?? []
      const pid = Number(pidText)
      const found = host.processes.all().find((one) => one.pid === pid)
      const [, nice] = /^renice (-?\d+) -p /m.exec(io.script) ?? []
      let exitCode = 0
      let stdout = ''
      if (found?.startTicks !== Number(start)) exitCode = 97
      else if (nice !== undefined) host.processes.renice(pid, Number(nice))
      else if (!host.processes.end(pid)) {
        exitCode = 1
        stdout = `/bin/sh: kill: (${pid}) - Operation not permitted`
      }
      answerRun(io, { stdout, stderr: '', exitCode })
      return true
    }
  }
}
