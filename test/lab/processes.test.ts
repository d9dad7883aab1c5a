/** Processes of real servers over real sshd, against /proc read another way, and against what really became of them. */
import { readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src-main/application/clock.ts'
import { ProcessLane } from '../../src-main/application/processes/process-lane.ts'
import type { LaneReading } from '../../src-main/application/telemetry/lane.ts'
import type { Connection, Connector } from '../../src-main/application/servers/connection.ts'
import type { LiveProcess, WatchedPattern } from '../../src-main/domain/processes/process.ts'
import { actOnProcess } from '../../src-main/remote/processes/act-on-process.ts'
import { processTools } from '../../src-main/remote/processes/process-tools.ts'
import { createHostSampler } from '../../src-main/remote/sampler/index.ts'
import { createTools } from '../../src-main/remote/tools/tool-shell.ts'
import { silentLog } from '../fakes/engine-parts.ts'
import { connectTo, labConnector } from './console.ts'
import * as lab from './lab.ts'

const missing = lab.whyNoLab()
const SERVER = 'lab1'
const signal = (): AbortSignal => AbortSignal.timeout(60_000)
const noJournal = { beforeSend: async () => undefined, afterSend: async () => undefined }

interface Taken {
  readonly reading: LaneReading
  readonly processes: readonly LiveProcess[]
}

/** /proc as that server's processes see it, read without anything of the console's. */
const proc = (file: string): string =>
  readFileSync(`/proc/${lab.labServer(SERVER).init.pid}/root/proc/${file}`, 'utf8')
const fieldsOf = (pid: number): string[] => {
  const text = proc(`${pid}/stat`)
  return text
    .slice(text.lastIndexOf(')') + 2)
    .trim()
    .split(' ')
}
const ticksOf = (pid: number): number => Number(fieldsOf(pid)[11]) + Number(fieldsOf(pid)[12])
const uptimeSec = (): number => parseFloat(proc('uptime'))

describe.skipIf(missing !== null)(
  `processes of real servers${missing === null ? '' : ` (${missing})`}`,
  () => {
    let connector: Connector & { close(): void }
    beforeAll(() => {
      connector = labConnector()
    })
    afterAll(() => connector.close())
    afterEach(() => lab.restoreLab())

    /** Starts a command on the server, as root or another user, until the test ends; resolves with its pid there. */
    async function start(command: string, user = 'root'): Promise<number> {
      const script = `su -s /bin/bash ${user} -c 'exec 9<&-; ${command.replaceAll("'", `'\\''`)} </dev/null >/dev/null 2>&1 & echo $!'`
      const { stdout } = await lab.inServer(SERVER, ['bash', '-c', script])
      const pid = Number(stdout.trim())
      lab.onRestore(
        async () => void (await lab.inServer(SERVER, ['kill', '-9', String(pid)], { check: false }))
      )
      return pid
    }

    async function onLane<T>(
      user: string,
      patterns: WatchedPattern[],
      use: (take: () => Promise<Taken>, connection: Connection) => Promise<T>
    ): Promise<T> {
      const connection = await connectTo(connector, { server: SERVER, user })
      const sampling = await createHostSampler({ log: silentLog, clock: systemClock }).start(connection, {
        signal: signal()
      })
      const tools = createTools(connection)
      let processes: readonly LiveProcess[] = []
      const lane = new ProcessLane({
        tools: processTools,
        patternsOf: () => patterns,
        isWatched: () => true,
        onProcesses: (_serverId, taken) => (processes = taken.processes)
      })
      const session = lane.open({
        serverId: '00000000-0000-4000-8000-000000000001' as never,
        connection,
        sampling,
        tools,
        clock: systemClock,
        log: silentLog,
        sudo: () => '',
        signal: signal()
      })
      try {
        return await use(async () => ({ reading: await session.read(signal()), processes }), connection)
      } finally {
        session.close()
        tools.close()
        sampling.close()
        connection.close()
      }
    }
    const find = (processes: readonly LiveProcess[], pid: number): LiveProcess => {
      const found = processes.find((one) => one.pid === pid)
      if (found === undefined) throw new Error(`no process ${pid}`)
      return found
    }

    it.each(['op', 'op-dash', 'op-ash'])('of %s are those of /proc, value by value', async (user) => {
      await start(`exec -a 'two  blanks' sleep 600`, 'op')
      await onLane(user, [], async (take) => {
        const { processes } = await take()
        const listed =
          (await lab.inServer(SERVER, ['sh', '-c', 'echo /proc/[0-9]*'])).stdout.match(/\d+/g) ?? []
        const pids = new Set(processes.map(({ pid }) => pid))
        const stable = listed.map(Number).filter((pid) => pids.has(pid))
        // Only what came or went within this second may differ.
        expect(stable.length).toBeGreaterThan(listed.length - 12)
        let compared = 0
        for (const process of processes) {
          let fields: string[], status: string, commandLine: string
          try {
            fields = fieldsOf(process.pid)
            status = proc(`${process.pid}/status`)
            commandLine = proc(`${process.pid}/cmdline`)
          } catch {
            // It has ended since.
            continue
          }
          expect(process.startTicks).toBe(Number(fields[19]))
          expect(process.parentPid).toBe(Number(fields[1]))
          expect(process.nice).toBe(Number(fields[16]))
          expect(process.uid).toBe(Number(/^Uid:\s+\d+\s+(\d+)/m.exec(status)?.[1]))
          expect(process.commandLine).toBe(
            commandLine.replace(/\0$/, '').replaceAll('\0', ' ').slice(0, 1000)
          )
          expect(Math.abs(process.cpuUserMs + process.cpuSystemMs - ticksOf(process.pid) * 10)).toBeLessThan(
            3_000
          )
          compared++
        }
        expect(compared).toBeGreaterThan(10)
        const sleeper = processes.find(({ commandLine }) => commandLine === 'two  blanks 600')
        expect(sleeper).toMatchObject({ user: 'op', state: 'S' })
        expect(sleeper?.residentBytes).toBe(Number(fieldsOf(sleeper?.pid ?? 0)[21]) * 4096)
      })
    })

    it('show a busy loop on top, its share within one tick of what the kernel counted', async () => {
      const pid = await start('while :; do :; done')
      await onLane('op', [], async (take) => {
        await take()
        const begin = { ticks: ticksOf(pid), uptime: uptimeSec() }
        await take()
        const first = { least: begin, most: { ticks: ticksOf(pid), uptime: uptimeSec() } }
        await new Promise((resolve) => setTimeout(resolve, 4_000))
        const second = { ticks: ticksOf(pid), uptime: uptimeSec() }
        const { processes } = await take()
        const last = { ticks: ticksOf(pid), uptime: uptimeSec() }
        const busy = find(processes, pid)
        const share = busy.cpuRatio ?? Number.NaN
        // Between what a narrower and a wider window allow, and one tick of rounding on either side.
        const least = (second.ticks - first.most.ticks - 1) / 100 / (last.uptime - first.least.uptime)
        const most = (last.ticks - first.least.ticks + 1) / 100 / (second.uptime - first.most.uptime)
        expect(share).toBeGreaterThanOrEqual(least * 0.99)
        expect(share).toBeLessThanOrEqual(most * 1.01)
        const [top] = [...processes]
          .sort((a, b) => (b.cpuRatio ?? 0) - (a.cpuRatio ?? 0))
          .slice(0, 3)
          .filter((one) => one.pid === pid)
        expect(top?.pid).toBe(pid)
      })
    })

    it('keep a hostile name to themselves', async () => {
      const script = `perl -e 'open(my $f, ">", "/proc/self/comm"); syswrite($f, "x) R\\n1 (init"); close $f; sleep 600'`
      const pid = await start(script)
      await lab.eventually('the name is set', () => proc(`${pid}/comm`).startsWith('x)'), 5_000)
      await onLane('op', [], async (take) => {
        const { processes } = await take()
        expect(find(processes, pid).name).toBe('x) R\n1 (init')
        expect(find(processes, 1).name).toBe(proc('1/comm').trimEnd())
      })
    })

    it('have for an unprivileged user a value, or a reason', async () => {
      const root = await start('sleep 600')
      const own = await start('sleep 601', 'plain')
      await onLane('plain', [], async (take) => {
        const { reading, processes } = await take()
        expect(find(processes, own)).toMatchObject({ user: 'plain', commandLine: 'sleep 601' })
        expect(find(processes, own).readBytes).not.toBeNull()
        expect(find(processes, root)).toMatchObject({
          user: 'root',
          commandLine: 'sleep 600',
          readBytes: null
        })
        const cause = (id: string) => reading.capabilities.find((one) => one.id === id)
        expect(cause('processes')).toMatchObject({ works: true, cause: null })
        expect(cause('processIo')).toMatchObject({ works: false, cause: 'permissionDenied' })
        for (const process of processes) {
          expect(process.commandLine).not.toBeNull()
          expect(process.user).not.toBeNull()
          expect(process.memoryRatio).not.toBeNull()
        }
      })
    })

    it('are watched: on, off, and on again', async () => {
      const pattern = { id: 'p1', name: 'Marked', text: 'sleep 60?7' }
      await onLane('op', [pattern], async (take) => {
        const running = async (): Promise<unknown> =>
          (await take()).reading.entities.find(({ kind }) => kind === 'watch')?.values
        expect(await running()).toEqual({ processes: 0 })
        const pid = await start('sleep 6077', 'op')
        expect(await running()).toMatchObject({ processes: 1, threads: 1 })
        await lab.inServer(SERVER, ['kill', '-9', String(pid)])
        await lab.eventually('it has ended', () => !isThere(pid), 5_000)
        expect(await running()).toEqual({ processes: 0 })
      })
    })
    const isThere = (pid: number): boolean => {
      try {
        return fieldsOf(pid)[0] !== 'Z'
      } catch {
        return false
      }
    }

    it('are ended by their owner only, by pid and start', async () => {
      const [own, foreign] = [await start('sleep 602', 'plain'), await start('sleep 603')]
      await onLane('plain', [], async (take, connection) => {
        const { processes } = await take()
        const act = (process: LiveProcess, startTicks = process.startTicks) =>
          actOnProcess(
            { connection, clock: systemClock, sudo: '' },
            { pid: process.pid, startTicks },
            { kind: 'signal', signal: 'kill' },
            noJournal,
            signal()
          )
        await expect(act(find(processes, foreign))).rejects.toMatchObject({
          code: 'commandFailed',
          params: { stderr: expect.stringContaining('Operation not permitted') as string }
        })
        expect(isThere(foreign)).toBe(true)
        expect(await act(find(processes, own), 1)).toBe('gone')
        expect(isThere(own)).toBe(true)
        expect(await act(find(processes, own))).toBe('ended')
        expect(isThere(own)).toBe(false)
      })
    })
  },
  120_000
)
