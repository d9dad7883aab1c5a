/** Alerts of real servers: a busy loop on one, a busy guest, a file system that fills, a console restarted in between. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RuleDraft, RuleWatch } from '#contract/alert-rules.ts'
import type { Alert, AlertsNow } from '#contract/alerts.ts'
import type { ProcessTable } from '#contract/processes.ts'
import { ruleOf } from '../fakes/alerts.ts'
import { startLabEngine, type LabEngine } from './engine.ts'
import * as lab from './lab.ts'

const missing = lab.whyNoLab()
const isLong = process.env.VIRTHELM_LONG === '1'
const never = new AbortController().signal
const INTERVAL_MS = 2_000
const FILE_SYSTEMS_EVERY_MS = 30_000
/** Of an engine that shares two cores with everything else that runs. */
const SLACK_MS = 5_000

let folder: string
let console_: LabEngine

async function open(server: string): Promise<void> {
  console_ = await startLabEngine([{ name: server, server, user: 'root' }], INTERVAL_MS, folder)
  await lab.eventually('it is online', () => console_.server(server).state.kind === 'online', 30_000)
}

/** The only rule there is. */
async function only(watch: RuleWatch, condition: Partial<RuleDraft['condition']>): Promise<void> {
  const { handlers } = console_.engine
  for await (const { rules } of handlers['alertRules.watch']({}, { signal: never })) {
    for (const { id } of rules) await handlers['alertRules.remove']({ ruleId: id }, { signal: never })
    break
  }
  const { id: _id, preset: _preset, changedAtMs: _changedAtMs, ...draft } = ruleOf({ watch, condition })
  await handlers['alertRules.save']({ ruleId: null, draft }, { signal: never })
}

async function now(): Promise<AlertsNow> {
  for await (const alerts of console_.engine.handlers['alerts.watch']({}, { signal: never })) return alerts
  throw new Error('the engine tells nothing')
}

async function processesOf(server: string): Promise<ProcessTable> {
  const { id } = console_.server(server).record
  const { handlers } = console_.engine
  for await (const table of handlers['processes.watch']({ serverId: id }, { signal: never })) return table
  throw new Error('no processes')
}

async function past(): Promise<readonly Alert[]> {
  const query = { fromAtMs: 0, toAtMs: Date.now() + 60_000, limit: 100 }
  return (await console_.engine.handlers['alerts.history'](query, { signal: never })).alerts
}

const lasting = async (): Promise<Alert | undefined> => (await now()).alerts[0]

/** Runs on the server by this name, and takes all of a CPU that it can get; resolves with its pid there. */
async function startLoop(server: string, name: string): Promise<number> {
  const script = `cp /bin/bash /tmp/${name}; nice -n -20 /tmp/${name} -c 'while :; do :; done' </dev/null >/dev/null 2>&1 & echo $!`
  const { stdout } = await lab.inServer(server, ['bash', '-c', script])
  const pid = Number(stdout.trim())
  lab.onRestore(async () => void (await stop(server, pid)))
  return pid
}

const stop = (server: string, pid: number): Promise<unknown> =>
  lab.inServer(server, ['kill', '-9', String(pid)], { check: false })

describe.skipIf(missing !== null)(`alerts of real servers${missing === null ? '' : ` (${missing})`}`, () => {
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'virthelm-lab-alerts-'))
  })
  afterEach(async () => {
    await console_.close()
    await lab.restoreLab()
    await rm(folder, { recursive: true, force: true })
  })

  const busyProcess = { kind: 'process', measure: 'cpuUsedRatio', pattern: 'vh-busy*' } as const
  /** Low, as the lab may share its CPUs with much else: the loop takes what it gets, everything beside it next to nothing. */
  const busyFor = { threshold: 0.1, recoverAt: 0.05, forMs: 20_000, recoverForMs: 10_000, minSamples: 2 }

  it('a busy loop is RED by its name within the duration and one interval, and over once it is killed; the console is restarted meanwhile', async () => {
    await open('lab3')
    await only(busyProcess, busyFor)
    // The first reading of a connection has no shares.
    await lab.eventually(
      'processes are read',
      async () => (await processesOf('lab3')).rows.some(({ cpuRatio }) => cpuRatio !== null),
      120_000
    )
    const pid = await startLoop('lab3', 'vh-busy')
    const startedAtMs = Date.now()
    await lab.eventually('it is RED', async () => (await now()).counts.red === 1, 180_000)
    const red = await lasting()
    expect(red).toMatchObject({ level: 'RED', process: { name: 'vh-busy', user: 'root' } })
    const tookMs = (red?.raisedAtMs ?? 0) - startedAtMs
    // 10 s; more where a reading takes long.
    const { intervalMs } = await processesOf('lab3')
    console.info(
      `busy loop RED after ${(tookMs / 1000).toFixed(1)} s (duration 20 s, interval ${intervalMs / 1000} s)`
    )
    expect(tookMs).toBeLessThan(busyFor.forMs + intervalMs + SLACK_MS)
    await lab.eventually('it is told', () => console_.notified.length === 1, 40_000)

    await console_.close()
    const first = console_.notified
    await open('lab3')
    expect((await lasting())?.id).toBe(red?.id)
    await stop('lab3', pid)
    await lab.eventually('it is over', async () => (await now()).alerts.length === 0, 180_000)
    await lab.eventually('its end is told', () => console_.notified.length === 1, 40_000)
    expect(first).toHaveLength(1)
    const alerts = await past()
    expect(alerts).toHaveLength(1)
    expect(alerts[0]).toMatchObject({
      id: red?.id,
      raisedAtMs: red?.raisedAtMs,
      ended: expect.any(String) as string
    })
    console.info([...first, ...console_.notified].join('\n'))
  }, 600_000)

  it('a busy guest makes its VM RED, and is over when it rests', async () => {
    const guest = lab.labGuest('lab2', 'web')
    await open('lab2')
    await only(
      { kind: 'metric', entityKind: 'vm', metric: 'cpuUsedRatio', pattern: 'web' },
      { threshold: 0.1, recoverAt: 0.08, forMs: 10_000, recoverForMs: 6_000, minSamples: 3 }
    )
    await lab.tellGuest('lab2', guest.uuid, 'burn 90')
    await lab.eventually('its VM is RED', async () => (await now()).counts.red === 1, 90_000)
    expect(await lasting()).toMatchObject({ vmUuid: guest.uuid, vmName: 'web', cause: 'threshold' })
    await lab.eventually('it is over', async () => (await now()).alerts.length === 0, 120_000)
    expect(await past()).toMatchObject([{ ended: 'recovered', vmUuid: guest.uuid }])
  }, 240_000)

  it.skipIf(!isLong)(
    `a file that fills a small file system is AMBER with its time, then RED${isLong ? '' : ' (takes 20 minutes: with VIRTHELM_LONG=1)'}`,
    async () => {
      const mount = '/root/vh-small'
      const script = `truncate -s 64M ${mount}.img && mkfs.ext4 -q -F ${mount}.img && mkdir -p ${mount} && mount -o loop ${mount}.img ${mount}`
      lab.onRestore(async () => {
        const undo = `umount -l ${mount}; rm -f ${mount}.img; rmdir ${mount}`
        await lab.inServer('lab3', ['sh', '-c', undo], { check: false })
      })
      await lab.inServer('lab3', ['sh', '-c', script])
      await open('lab3')
      await only(
        { kind: 'metric', entityKind: 'mount', metric: 'usedRatio', pattern: mount },
        {
          threshold: 0.8,
          recoverAt: 0.75,
          forMs: 30_000,
          recoverForMs: 30_000,
          minSamples: 2,
          forecastWithinMs: 1_200_000
        }
      )
      // Some 50 MiB: 80 % after 18 minutes, as the clock goes. The forecast wants 24 values, and one comes every 30 s.
      const fill = `begin=$(date +%s); while size=$(stat -c %s ${mount}/file 2>/dev/null || echo 0); [ "$size" -lt 48000000 ]; do head -c $(( ($(date +%s) - begin) * 38000 - size )) /dev/zero >> ${mount}/file; sleep 2; done`
      const filling = lab.inServer('lab3', ['sh', '-c', fill], { check: false })
      await lab.eventually('it is AMBER', async () => (await now()).counts.amber === 1, 1_320_000, 1_000)
      const amber = await lasting()
      expect(amber).toMatchObject({ level: 'AMBER', cause: 'forecast', label: mount })
      const expectedAtMs = amber?.forecast?.atMs ?? 0
      expect(expectedAtMs).toBeGreaterThan(amber?.raisedAtMs ?? Infinity)
      await lab.eventually('it is RED', async () => (await now()).counts.red === 1, 1_500_000, 1_000)
      const red = await lasting()
      expect(red).toMatchObject({ id: amber?.id, level: 'RED', cause: 'threshold' })
      const earlyMs = (red?.redAtMs ?? 0) - (amber?.raisedAtMs ?? 0)
      const missedMs = (red?.redAtMs ?? 0) - 30_000 - expectedAtMs
      console.info(
        `AMBER ${(earlyMs / 60_000).toFixed(1)} min before RED; the time it gave missed by ${(missedMs / 1000).toFixed(0)} s`
      )
      expect(earlyMs).toBeGreaterThan(2 * FILE_SYSTEMS_EVERY_MS)
      void filling
    },
    3_000_000
  )
})
