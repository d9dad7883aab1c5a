import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { createLocalConnection, LOCAL_SHELLS } from '../../../test/fakes/local-connection.ts'
import { systemClock } from '../../application/clock.ts'
import type { ProcessAct } from '../../application/processes/process-tools.ts'
import { createTools } from '../tools/tool-shell.ts'
import { actOnProcess, actScript } from './act-on-process.ts'
import { parseCommandLines } from '../../domain/processes/tool-texts.ts'
import { commandLinesScript, processTools } from './process-tools.ts'

const signal = new AbortController().signal
const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

/** A process of its own, with the given kernel name. */
async function victim(
  name = 'victim',
  extra = ''
): Promise<{ child: ChildProcess; pid: number; startTicks: number }> {
  const script = `${extra} open(my $f, '>', '/proc/self/comm'); syswrite($f, $ARGV[0]); close $f; print "up\\n"; close STDOUT; sleep 60 while 1`
  const child = spawn('perl', ['-e', script, name, 'two\nlines', '-e'], {
    stdio: ['ignore', 'pipe', 'ignore']
  })
  closers.push(() => child.kill('SIGKILL'))
  await new Promise((resolve) => child.stdout?.once('data', resolve))
  const pid = child.pid ?? 0
  return { child, pid, startTicks: Number(fieldsOf(pid)[19]) }
}
const fieldsOf = (pid: number): string[] => {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}

function actor(shell: readonly string[]) {
  const connection = createLocalConnection({ shell })
  closers.push(() => connection.close())
  const rows: string[] = []
  const journal = {
    beforeSend: async (command: string) => void rows.push(command),
    afterSend: async ({ exitCode, stderr }: { exitCode: number | null; stderr: string }) =>
      void rows.push(`${exitCode} ${stderr}`)
  }
  const act = (process: { pid: number; startTicks: number }, what: ProcessAct) =>
    actOnProcess({ connection, clock: systemClock, sudo: '' }, process, what, journal, signal)
  return { act, rows }
}

describe.each(Object.entries(LOCAL_SHELLS))('acting on a process over %s', (_name, shell) => {
  it('ends it, whatever it is called, and says so', async () => {
    const { act, rows } = actor(shell)
    const hostile = await victim('x) S 1\n2 (y')
    const ended = new Promise((resolve) => hostile.child.once('exit', (_code, by) => resolve(by)))
    expect(await act(hostile, { kind: 'signal', signal: 'terminate' })).toBe('ended')
    expect(await ended).toBe('SIGTERM')
    expect(rows).toEqual([`kill -s TERM ${hostile.pid}`, '0 '])
  })

  it('tells when it goes on running, and kills it then', async () => {
    const { act } = actor(shell)
    const stubborn = await victim('stubborn', '$SIG{TERM} = "IGNORE";')
    expect(await act(stubborn, { kind: 'signal', signal: 'terminate' })).toBe('sent')
    expect(await act(stubborn, { kind: 'signal', signal: 'kill' })).toBe('ended')
  })

  it('never hits another one that has the pid now', async () => {
    const { act, rows } = actor(shell)
    const other = await victim()
    expect(
      await act({ pid: other.pid, startTicks: other.startTicks - 1 }, { kind: 'signal', signal: 'kill' })
    ).toBe('gone')
    expect(await act({ pid: 2 ** 22 + 7, startTicks: 1 }, { kind: 'signal', signal: 'kill' })).toBe('gone')
    expect(other.child.exitCode).toBeNull()
    expect(rows[1]).toBe('97 ')
  })

  it('changes its niceness to exactly what was asked', async () => {
    const { act } = actor(shell)
    const nice = await victim()
    for (const value of process.getuid?.() === 0 ? [5, 3, -4, 0] : [5, 7]) {
      expect(await act(nice, { kind: 'renice', nice: value })).toBe('done')
      expect(Number(fieldsOf(nice.pid)[16])).toBe(value)
    }
  })
})

describe.each(Object.entries(LOCAL_SHELLS))('the scripts of the lane over %s', (_name, shell) => {
  const open = () => {
    const tools = createTools(createLocalConnection({ shell }))
    closers.push(() => tools.close())
    return tools
  }

  it('tell units, users and memory', async () => {
    const terms = await processTools.terms(open(), signal)
    expect(terms.units).toEqual({ pageBytes: 4096, ticksPerSec: 100 })
    expect(terms.users.get(0)).toBe('root')
    const total = /^MemTotal:\s*(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]
    expect(terms.memoryTotalBytes).toBe(Number(total) * 1024)
  })

  it('tell command lines with line feeds in them, each of its own process', async () => {
    const [one, other] = [await victim('a'), await victim('b')]
    const pids = [one.pid, 2 ** 22 + 7, other.pid, 2]
    const tools = open()
    const withoutAwk = await tools.run(commandLinesScript(pids, []), { signal, deadlineMs: 5_000 })
    const readings = [
      await processTools.commandLines(tools, pids, signal),
      parseCommandLines(withoutAwk.stdout)
    ]
    for (const lines of readings) {
      for (const { pid } of [one, other]) {
        const expected = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replace(/\0$/, '').replaceAll('\0', ' ')
        expect(lines.get(pid)).toBe(expected)
      }
      expect([...lines.keys()].sort()).toEqual([one.pid, other.pid].sort())
    }
  })

  it('tell bytes of storage', async () => {
    const { byPid, uptimeSec } = await processTools.io(open(), '', signal)
    const own = readFileSync(`/proc/${process.pid}/io`, 'utf8')
    expect(byPid.get(process.pid)?.readBytes).toBeLessThanOrEqual(
      Number(/^read_bytes: (\d+)/m.exec(own)?.[1])
    )
    expect(uptimeSec).toBeGreaterThan(0)
  })
})

it('with sudo, the login user tries first', () => {
  const script = actScript({ pid: 7, startTicks: 1 }, { kind: 'signal', signal: 'kill' }, 'sudo -n ')
  expect(script).toContain('{ kill -s KILL 7 >/dev/null 2>&1 || sudo -n kill -s KILL 7 2>&1; } </dev/null')
})
