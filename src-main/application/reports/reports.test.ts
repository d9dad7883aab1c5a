import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { AppError } from '#contract/errors.ts'
import type { FleetFigures } from '#contract/fleet-figures.ts'
import { ChannelId, type ReportId } from '#contract/ids.ts'
import { ReportSchedule, type Report, type ReportFormat } from '#contract/reports.ts'
import { silentLog } from '../../../test/fakes/engine-parts.ts'
import type { Clock } from '../clock.ts'
import { serverRecord } from '../../storage/test-support.ts'
import { createReports, type Reports } from './report-handlers.ts'
import type { ReportMail } from './report-sources.ts'
import type { StoredReport } from './report-store.ts'

const at = (text: string): number => Date.parse(text)
const formerZone = process.env['TZ']
beforeAll(() => (process.env['TZ'] = 'Europe/Berlin'))
afterAll(() => {
  if (formerZone === undefined) delete process.env['TZ']
  else process.env['TZ'] = formerZone
})

/** A wall clock that is set; whoever sleeps wakes when it is. */
class WallClock implements Clock {
  #nowMs = at('2026-11-28T12:00:00Z')
  readonly #sleepers = new Set<() => void>()
  nowMs = (): number => this.#nowMs
  monotonicMs = (): number => 0
  sleep(_durationMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#sleepers.add(resolve)
      const end = (): void => {
        this.#sleepers.delete(resolve)
        reject(signal.reason as Error)
      }
      signal.addEventListener('abort', end, { once: true })
    })
  }
  /** While no console runs: nobody may wait for it. */
  pass(text: string): void {
    expect(this.#sleepers.size).toBe(0)
    this.#nowMs = at(text)
  }
  async set(text: string): Promise<void> {
    this.#nowMs = at(text)
    for (const wake of this.#sleepers) wake()
    this.#sleepers.clear()
    // Everything that is due runs until it sleeps again.
    await vi.waitFor(() => expect(this.#sleepers.size).toBe(1))
  }
}

const record = serverRecord('alpha')
const serverId = record.id
const mailbox = ChannelId.parse(randomUUID())
const none = { count: 0, mean: null, median: null, min: null, max: null, p95: null }
const figuresOf = (fromAtMs: number, toAtMs: number, coverageRatio: number): FleetFigures => ({
  fromAtMs,
  toAtMs,
  level: 'hour',
  servers: [
    {
      serverId,
      name: 'alpha',
      location: '',
      coverageRatio,
      uptimeSec: null,
      cpuUsedRatio: none,
      memoryUsedRatio: none,
      memoryUsedBytes: none,
      memoryTotalBytes: null,
      diskUsedRatio: none,
      diskUsedBytes: none,
      diskTotalBytes: null,
      netRxBytesPerSec: none,
      netTxBytesPerSec: none,
      netRxBytes: null,
      netTxBytes: null,
      powerWatts: none,
      energyWattHours: null,
      usersLoggedIn: none,
      machinesRunning: none,
      gpus: [],
      gpuIdleOverFreeRatio: null,
      gpuIdleUnderUsedRatio: null
    }
  ],
  busiest: null,
  idlest: null,
  busyHours: [],
  busiestHourOfDay: null
})

/** What outlives a run of the console, and what goes wrong. */
class World {
  readonly clock = new WallClock()
  readonly reports = new Map<ReportId, StoredReport>()
  readonly blobs = new Map<string, Uint8Array>()
  readonly files = new Map<string, number>()
  readonly mails: ReportMail[] = []
  trouble: AppError | null = null
  mailTrouble: AppError | null = null
  coverage = 0.9
  made = 0
  /** Set: figures are not answered until then. */
  held: Promise<void> = Promise.resolve()

  async start(): Promise<Reports> {
    const reports = this.#engine()
    await reports.open()
    reports.start()
    return reports
  }

  #engine(): Reports {
    const { clock } = this
    return createReports({
      sources: {
        figures: async ({ fromAtMs, toAtMs }, signal) => {
          this.made++
          await this.held
          signal.throwIfAborted()
          return figuresOf(fromAtMs, toAtMs, this.coverage)
        },
        alerts: { read: async () => [], words: () => '' },
        history: { means: async () => ({ level: 'minute', means: [] }) },
        servers: {
          list: async () => [{ record, facts: null, factsAtMs: null, lastNow: null, lastGoodAddress: null }]
        }
      },
      store: {
        list: async () => [...this.reports.values()],
        insert: async (report, scheduleKey) => {
          if (scheduleKey !== null && this.keys().includes(scheduleKey)) throw new AppError('conflict')
          this.reports.set(report.id, { report, scheduleKey })
        },
        update: async (report) => {
          const scheduleKey = this.reports.get(report.id)?.scheduleKey ?? null
          this.reports.set(report.id, { report, scheduleKey })
        },
        remove: async (reportId) => void this.reports.delete(reportId)
      },
      blobs: {
        get: async (name) => this.blobs.get(name) ?? null,
        set: async (name, value) =>
          void (value === null ? this.blobs.delete(name) : this.blobs.set(name, value))
      },
      files: {
        defaultFolder: '/data/reports',
        check: async () => undefined,
        write: async (_folder, name, pieces) => {
          let size = 0
          for await (const piece of pieces) size += piece.byteLength
          if (this.trouble !== null) throw this.trouble
          this.files.set(name, size)
          return size
        },
        withTemporary: (_pieces, work) => work('/tmp/report.html'),
        pathOf: async (folder, name) => `${folder}/${name}`,
        read: async function* () {
          yield Uint8Array.of(1, 2, 3)
        },
        remove: async (_folder, name) => void this.files.delete(name)
      },
      desk: {
        printer: {
          print: async () => {
            throw new AppError('pdfNotPossible', { params: { reason: 'noBrowser' } })
          }
        },
        chooseFolder: null,
        open: async () => null
      },
      mailer: {
        mailboxes: async () => [{ id: mailbox, name: 'Operator' }],
        send: async (_mailbox, mail) => {
          if (this.mailTrouble !== null) throw this.mailTrouble
          this.mails.push(mail)
        }
      },
      target: { open: async () => null },
      clock,
      log: silentLog,
      zone: () => 'local',
      meta: { version: 'test', demo: false }
    })
  }

  keys(): (string | null)[] {
    return [...this.reports.values()].map(({ scheduleKey }) => scheduleKey).toSorted()
  }
  /** The report of one period. */
  of(key: string): Report | undefined {
    return [...this.reports.values()].find(({ scheduleKey }) => scheduleKey === key)?.report
  }
}

let world: World
let console_: Reports | null
beforeEach(() => {
  world = new World()
  console_ = null
})
afterEach(() => console_?.close())

const never = new AbortController().signal
const context = { signal: never, progress: () => undefined }
async function plan(change: Partial<ReportSchedule>): Promise<void> {
  const schedule = ReportSchedule.parse({ formats: ['html'], ...change })
  await console_?.handlers['reports.setSchedule']({ schedule }, { signal: never })
}
async function restart(): Promise<void> {
  await console_?.close()
  console_ = await world.start()
}
const make = (formats: ReportFormat[] = ['html'], signal = never): Promise<{ report: Report }> => {
  if (console_ === null) throw new Error('not started')
  const input = {
    period: { kind: 'daily' as const, day: '2026-11-27' },
    serverIds: [],
    formats,
    seenName: 'day'
  }
  return console_.handlers['reports.make'](input, { ...context, signal })
}

describe('by the schedule', () => {
  beforeEach(async () => {
    console_ = await world.start()
  })

  it('makes each period once: not again by the same look, a restart, or a clock that is set back', async () => {
    await plan({ daily: true, at: '07:00' })
    await world.clock.set('2026-11-29T05:59:00Z')
    expect(world.keys()).toEqual([])
    await world.clock.set('2026-11-29T06:00:10Z')
    expect(world.keys()).toEqual(['daily:2026-11-28'])
    await world.clock.set('2026-11-29T06:00:30Z')
    await restart()
    await world.clock.set('2026-11-29T05:50:00Z')
    await world.clock.set('2026-11-29T06:01:00Z')
    expect(world.keys()).toEqual(['daily:2026-11-28'])
    expect(world.made).toBe(2)
    expect([...world.files.keys()]).toEqual(['virthelm-report-2026-11-28.html'])
  })

  it('makes up for what was missed while it was closed, and for nothing before it was wanted', async () => {
    await plan({ daily: true, weekly: true, at: '07:00' })
    await console_?.close()
    world.clock.pass('2026-12-01T12:00:00Z')
    console_ = await world.start()
    await world.clock.set('2026-12-01T12:00:20Z')
    expect(world.keys()).toEqual([
      'daily:2026-11-28',
      'daily:2026-11-29',
      'daily:2026-11-30',
      'weekly:2026-11-23'
    ])
  })

  it('comes once on both days on which the clocks change', async () => {
    await plan({ daily: true, at: '02:30' })
    for (const time of ['2027-03-28T01:29:00Z', '2027-03-28T01:31:00Z', '2027-03-28T02:31:00Z'])
      await world.clock.set(time)
    expect(world.keys().filter((key) => key === 'daily:2027-03-27')).toHaveLength(1)
    for (const time of ['2027-10-31T00:31:00Z', '2027-10-31T01:31:00Z', '2027-10-31T02:31:00Z'])
      await world.clock.set(time)
    expect(world.keys().filter((key) => key === 'daily:2027-10-30')).toHaveLength(1)
    expect(world.of('daily:2027-10-30')).toMatchObject({ state: 'done' })
  })

  it('keeps why one failed, tries again after an hour, and goes on at the next start with one it left', async () => {
    await plan({ daily: true, at: '07:00' })
    world.trouble = new AppError('diskFull', { params: { path: '/data/reports' }, retryable: true })
    await world.clock.set('2026-11-29T06:01:00Z')
    expect(world.of('daily:2026-11-28')).toMatchObject({
      state: 'failed',
      error: { code: 'diskFull' },
      files: []
    })
    world.trouble = null
    await world.clock.set('2026-11-29T06:31:00Z')
    expect(world.of('daily:2026-11-28')?.state).toBe('failed')
    await world.clock.set('2026-11-29T07:02:00Z')
    expect(world.of('daily:2026-11-28')).toMatchObject({ state: 'done', error: null })

    const stored = [...world.reports.values()][0]
    if (stored === undefined) throw new Error('no report')
    world.reports.set(stored.report.id, { ...stored, report: { ...stored.report, state: 'making' } })
    await restart()
    await world.clock.set('2026-11-29T07:03:00Z')
    expect(world.of('daily:2026-11-28')?.state).toBe('done')
    expect(world.keys()).toEqual(['daily:2026-11-28'])
  })

  it('says that a period without values has none, and leaves it at that', async () => {
    await plan({ daily: true, at: '07:00' })
    world.coverage = 0
    await world.clock.set('2026-11-29T06:01:00Z')
    await world.clock.set('2026-11-29T09:01:00Z')
    expect(world.of('daily:2026-11-28')).toMatchObject({ state: 'empty', files: [], error: null })
    expect(world.files.size).toBe(0)
  })

  it('is sent where that is wanted, and stays made where it cannot be sent', async () => {
    await plan({ daily: true, at: '07:00', mailTo: mailbox })
    await world.clock.set('2026-11-29T06:01:00Z')
    expect(world.mails).toMatchObject([
      {
        subject: '[Virthelm] Daily report: Saturday, 28 November 2026',
        attachments: [{ name: 'virthelm-report-2026-11-28.html', type: 'text/html' }]
      }
    ])
    world.mailTrouble = new AppError('connectTimeout', { retryable: true })
    await world.clock.set('2026-11-30T06:01:00Z')
    expect(world.of('daily:2026-11-29')).toMatchObject({ state: 'done', error: { code: 'connectTimeout' } })
  })
})

describe('when asked for', () => {
  beforeEach(async () => {
    console_ = await world.start()
  })

  it('writes what it can: without a browser there is no PDF, and the archive says so', async () => {
    await expect(make(['html', 'pdf', 'csv'])).rejects.toMatchObject({ code: 'pdfNotPossible' })
    const [stored] = [...world.reports.values()]
    expect(stored?.report).toMatchObject({ state: 'failed', error: { code: 'pdfNotPossible' } })
    expect(stored?.report.files.map(({ format }) => format)).toEqual(['html', 'csv'])
  })

  it('keeps nothing of one that was cancelled; and its former self of one made again', async () => {
    const { report } = await make()
    const held = Promise.withResolvers<void>()
    world.held = held.promise
    const cancel = new AbortController()
    const second = make(['html'], cancel.signal)
    const again = console_?.handlers['reports.makeAgain'](
      { reportId: report.id, seenName: '' },
      { ...context, signal: cancel.signal }
    )
    const ended = Promise.allSettled([second, again])
    await vi.waitFor(() => expect(world.reports.size).toBe(2))
    cancel.abort()
    held.resolve()
    expect((await ended).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect([...world.reports.values()].map((stored) => stored.report)).toEqual([report])
  })

  it('refuses a period that has not begun, and reports a running one up to now', async () => {
    const bounds = console_?.handlers['reports.bounds']
    await expect(
      bounds?.({ period: { kind: 'daily', day: '2026-11-29' } }, { signal: never })
    ).rejects.toMatchObject({ code: 'invalidInput' })
    expect(await bounds?.({ period: { kind: 'monthly', day: '2026-11-05' } }, { signal: never })).toEqual({
      fromAtMs: at('2026-10-31T23:00:00Z'),
      toAtMs: at('2026-11-28T12:00:00Z'),
      complete: false
    })
  })

  it('is deleted with its files, but not while it is being made', async () => {
    const { report } = await make()
    expect(world.files.size).toBe(1)
    await console_?.handlers['reports.remove']({ reportId: report.id }, { signal: never })
    expect([world.files.size, world.reports.size]).toEqual([0, 0])
    await expect(
      console_?.handlers['reports.open']({ reportId: report.id, format: 'html' }, { signal: never })
    ).rejects.toMatchObject({ code: 'notFound' })
  })
})
