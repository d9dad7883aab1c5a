import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { silentLog } from '../../../test/fakes/engine-parts.ts'
import { createLocalConnection, LOCAL_SHELLS } from '../../../test/fakes/local-connection.ts'
import { systemClock } from '../../application/clock.ts'
import type { HostSampling } from '../../application/sampling/host-sampler.ts'
import { createHostSampler } from './index.ts'
import { samplerScript } from './scripts.ts'

const signal = new AbortController().signal
const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

async function start(shell: readonly string[], reader: 'resident' | 'none'): Promise<HostSampling> {
  const connection = createLocalConnection({ shell })
  closers.push(() => connection.close())
  const sampler = createHostSampler({ log: silentLog, clock: systemClock }, samplerScript(reader))
  return sampler.start(connection, { signal })
}

/** A process with the given argument 0, whose kernel name is the first 15 bytes of it. */
function named(name: string): ChildProcess {
  const script = `open(my $f, '>', '/proc/self/comm'); syswrite($f, $ARGV[0]); close $f; print "up\\n"; close STDOUT; sleep 60`
  const child = spawn('perl', ['-e', script, name], { stdio: ['ignore', 'pipe', 'ignore'] })
  closers.push(() => child.kill('SIGKILL'))
  return child
}
const up = (child: ChildProcess): Promise<unknown> =>
  new Promise((resolve) => child.stdout?.once('data', resolve))
const gone = (child: ChildProcess): Promise<unknown> => new Promise((resolve) => child.once('close', resolve))

const shells = Object.entries(LOCAL_SHELLS).filter(([, [command]]) => existsSync(command))
const variants = shells.flatMap(([name, shell]) =>
  (['resident', 'none'] as const).map((reader) => ({ name, shell, reader }))
)

describe.each(variants)('processes over $name, reader $reader', ({ shell, reader }) => {
  it('are those of /proc, whatever their names; new ones come and gone ones go', async () => {
    const hostile = ['a) R 1 1 1', 'x\n1 (init) S 0', 'x\n-1\n', '()))', ' two  blanks ', '\n\n']
    const children = hostile.map(named)
    await Promise.all(children.map(up))
    const sampling = await start(shell, reader)
    const first = await sampling.readProcesses(signal)
    for (const [at, child] of children.entries()) {
      const stat = first.stats.get(child.pid ?? 0)
      expect(stat?.name).toBe(hostile[at]?.slice(0, 15))
      expect(stat?.parentPid).toBe(process.pid)
      expect(first.statuses.get(child.pid ?? 0)?.uid).toBe(process.getuid?.())
    }
    expect(first.stats.get(process.pid)).toMatchObject({ startTicks: startTicksOf(process.pid) })
    expect(first.stats.get(1)?.pid).toBe(1)
    const [victim] = children
    const end = victim && gone(victim)
    victim?.kill('SIGKILL')
    await end
    const late = named('late')
    await up(late)
    const second = await sampling.readProcesses(signal)
    expect(second.stats.has(victim?.pid ?? 0)).toBe(false)
    expect(second.stats.get(late.pid ?? 0)?.name).toBe('late')
    for (const child of children.slice(1)) expect(second.stats.has(child.pid ?? 0)).toBe(true)
    expect(second.uptimeSec).toBeGreaterThanOrEqual(first.uptimeSec)
    sampling.close()
  })

  it('are whole again after an answer that nobody waited for', async () => {
    const sampling = await start(shell, reader)
    await sampling.readProcesses(signal)
    await expect(sampling.readProcesses(AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' })
    const again = await sampling.readProcesses(signal)
    expect(again.stats.has(1)).toBe(true)
    expect(again.stats.has(process.pid)).toBe(true)
    // Frames, facts and processes share one shell.
    const [facts, sample] = await Promise.all([sampling.readFacts(signal), sampling.sample(signal)])
    expect(facts.hostName).not.toBe('')
    expect(sample.entities.length).toBeGreaterThan(0)
    sampling.close()
  })
})

function startTicksOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[19])
}
