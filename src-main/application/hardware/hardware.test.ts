import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { AppError } from '#contract/errors.ts'
import { HardwareOptions, HardwareView, TrafficView } from '#contract/hardware.ts'
import type { ServerId } from '#contract/ids.ts'
import { silentLog } from '../../../test/fakes/engine-parts.ts'
import type { CountReason } from '../../domain/metrics/inventory.ts'
import {
  type CounterReading,
  countUp,
  type CounterState,
  trafficRows
} from '../../domain/traffic/count-up.ts'
import type { Clock } from '../clock.ts'
import type { DayTotal } from '../storage.ts'
import type { LaneContext, LaneSession } from '../telemetry/lane.ts'
import type { ToolResult } from '../telemetry/tools.ts'
import { Hardware } from './hardware.ts'
import { SMART_AGAIN_MS, SMART_EVERY_MS } from './smart-lane.ts'

const recorded = (file: string): string =>
  readFileSync(join(import.meta.dirname, '../../../test/recorded', file), 'utf8')
const serverId = '00000000-0000-4000-8000-000000000001' as ServerId
const NOW = Date.UTC(2026, 10, 28, 12)
const signal = new AbortController().signal

let nowMs = NOW
const clock: Clock = { nowMs: () => nowMs, monotonicMs: () => nowMs, sleep: async () => undefined }

/** Counts up in memory, as the storage does. */
function fakeHistory() {
  let state: CounterState | null = null
  const totals: DayTotal[] = []
  return {
    totals,
    failNext: null as AppError | null,
    async countUp(id: ServerId, reading: CounterReading) {
      const failure = this.failNext
      this.failNext = null
      if (failure !== null) throw failure
      const result = countUp(state, reading)
      if (result === null) return
      state = result.state
      for (const row of trafficRows(result, 'utc')) {
        const known = totals.findIndex(
          (one) =>
            one.kind === row.kind && one.key === row.key && one.name === row.name && one.day === row.day
        )
        const before = totals[known]
        if (before === undefined) totals.push({ ...row, serverId: id })
        else totals[known] = { ...before, total: before.total + row.total }
      }
    },
    dayTotals: async ({ kind }: { kind: DayTotal['kind'] }) => totals.filter((one) => one.kind === kind)
  }
}

const blobs = () => {
  const kept = new Map<string, Uint8Array>()
  return {
    get: async (name: string) => kept.get(name) ?? null,
    set: async (name: string, value: Uint8Array | null) => {
      if (value === null) kept.delete(name)
      else kept.set(name, value)
    }
  }
}

const reasons = new Map<string, CountReason>([
  ['lo', { counted: false, why: 'loopback' }],
  ['eno1', { counted: true, why: 'device' }],
  ['eno2', { counted: true, why: 'device' }],
  ['bond0', { counted: false, why: 'builtOnOthers' }],
  ['br0', { counted: false, why: 'builtOnOthers' }]
])

let history: ReturnType<typeof fakeHistory>
let hardware: Hardware
let chosen: (readonly string[] | null)[]
let answers: { parts: string | AppError; list: string; smart: Record<string, ToolResult | AppError> }
let asked: string[]

beforeEach(async () => {
  nowMs = NOW
  history = fakeHistory()
  chosen = []
  asked = []
  answers = {
    parts: recorded('hardware/kvm-host.txt'),
    list: 'disk sda\ndisk vda\npackages apt-get\ntool',
    smart: {}
  }
  hardware = new Hardware({ blobs: blobs(), history, clock, log: silentLog, zone: () => 'utc' })
  await hardware.load(serverId)
})

function open(lane: string, sudo: '' | 'sudo -n ' = ''): LaneSession {
  const context = {
    serverId,
    clock,
    log: silentLog,
    signal,
    sudo: () => sudo,
    sampling: {
      countReasons: () => reasons,
      countInterfaces: (names: readonly string[] | null) => chosen.push(names),
      fileSystemDetails: () => []
    },
    tools: {
      run: async (script: string): Promise<ToolResult> => {
        asked.push(script)
        const [, device = ''] = /\/dev\/(\S+)/.exec(script) ?? []
        if (script.includes('smartctl --json')) {
          const answer = answers.smart[device] ?? { stdout: '', exitCode: 1 }
          if (answer instanceof AppError) throw answer
          return answer
        }
        const stdout = script.includes('boot_id') ? answers.parts : answers.list
        if (stdout instanceof AppError) throw stdout
        return { stdout, exitCode: 0 }
      }
    }
  } as unknown as LaneContext
  const found = hardware.lanes.find(({ id }) => id === lane)
  if (found === undefined) throw new Error(`no ${lane}`)
  return found.open(context)
}

const view = (): HardwareView => HardwareView.parse(hardware.view(serverId))
const answer = (file: string, exitCode = 0): ToolResult => ({ stdout: recorded(`smart/${file}`), exitCode })
const handlers = () => hardware.handlers(() => undefined)
const traffic = async (): Promise<TrafficView> =>
  TrafficView.parse(await handlers()['hardware.traffic']({ serverId }, { signal }))

describe('what a server is made of', () => {
  it('is null before it was read; then parts with the newest values of their series', async () => {
    expect(view()).toMatchObject({
      disks: null,
      interfaces: null,
      fileSystems: null,
      readAtMs: null,
      cores: []
    })
    await open('hardware.parts').read(signal)
    hardware.takeTick({
      serverId,
      atMs: NOW,
      entities: [
        { kind: 'disk', key: 'sda', values: { readBytesPerSec: 5, utilisationRatio: 0.5 } },
        { kind: 'interface', key: 'eno1', values: { rxBytesPerSec: 7, rxBytes: 9 } },
        { kind: 'core', key: '0', values: { cpuUsedRatio: 0.25 } },
        { kind: 'core', key: '1', values: {} }
      ]
    })
    const seen = view()
    expect(seen.disks?.find(({ name }) => name === 'sda')).toMatchObject({
      readBytesPerSec: 5,
      serial: 'ZL20NXC0'
    })
    expect(seen.interfaces?.find(({ name }) => name === 'eno1')).toMatchObject({
      rxBytesPerSec: 7,
      counted: true,
      why: 'device'
    })
    expect(seen.interfaces?.map(({ name }) => name)).toEqual(['bond0', 'br0', 'br0.42', 'eno1', 'eno2', 'lo'])
    expect(seen.cores).toEqual([
      { key: '0', usedRatio: 0.25 },
      { key: '1', usedRatio: null }
    ])
  })

  it('health that comes by its own lane does not take the rates away; a reset does', () => {
    const tick = (values: Record<string, number>) =>
      hardware.takeTick({ serverId, atMs: nowMs, entities: [{ kind: 'disk', key: 'sda', values }] })
    const rate = async () => {
      await open('hardware.parts').read(signal)
      return view().disks?.find(({ name }) => name === 'sda')?.readBytesPerSec
    }
    tick({ readBytesPerSec: 5 })
    tick({ healthy: 1, temperatureCelsius: 30 })
    return rate()
      .then((value) => expect(value).toBe(5))
      .then(() => tick({}))
      .then(rate)
      .then((value) => expect(value).toBeNull())
  })

  it('a reading that failed is told with what was seen last; the next one takes it back', async () => {
    const session = open('hardware.parts')
    await session.read(signal)
    const text = answers.parts
    answers.parts = new AppError('deadlineExceeded')
    await expect(session.read(signal)).rejects.toMatchObject({ code: 'deadlineExceeded' })
    expect(view()).toMatchObject({ error: { code: 'deadlineExceeded' }, readAtMs: NOW })
    expect(view().disks).toHaveLength(5)
    answers.parts = text
    await session.read(signal)
    expect(view().error).toBeNull()
  })

  it('zram goes into the history of the server, and nothing where there is none', async () => {
    expect((await open('hardware.parts').read(signal)).entities).toEqual([
      { kind: 'server', key: '', values: { zramUsedBytes: 1_140_854_784 } }
    ])
    answers.parts = recorded('hardware/no-ip-tool.txt')
    expect((await open('hardware.parts').read(signal)).entities).toEqual([])
  })
})

describe('health of disks', () => {
  it('is asked of real disks only, without waking any; values and the panel follow', async () => {
    answers.list = 'disk sda\ndisk vda\ndisk nvme0n1\ndisk sd-a;reboot\npackages apt-get\ntool'
    answers.smart = { sda: answer('sata-hdd-failing.json', 24), nvme0n1: answer('nvme-ok.json') }
    const reading = await open('hardware.smart').read(signal)
    expect(asked.filter((script) => script.includes('--json'))).toEqual([
      'smartctl --json -a -n standby /dev/sda 2>&1',
      'smartctl --json -a -n standby /dev/nvme0n1 2>&1'
    ])
    expect(reading.capabilities).toEqual([{ id: 'smart', works: true, cause: null, fix: null }])
    expect(reading.entities).toEqual([
      {
        kind: 'disk',
        key: 'sda',
        values: {
          temperatureCelsius: 41,
          reallocatedSectors: 2_152,
          pendingSectors: 304,
          powerOnSec: 187_597_800,
          healthy: 0
        }
      },
      {
        kind: 'disk',
        key: 'nvme0n1',
        values: { temperatureCelsius: 41, wearUsedRatio: 0.06, powerOnSec: 50_479_200, healthy: 1 }
      }
    ])
  })

  it.each([
    [
      'permission denied',
      'sda',
      answer('permission-denied.json', 2),
      'permissionDenied',
      /NOPASSWD.*smartctl\) --json -a -n standby/
    ],
    ['old', 'sda', answer('old-6.6.txt', 1), 'unreadable', /apt-get install -y smartmontools/],
    ['not through this adapter', 'sda', answer('usb-bridge.json', 1), 'notPresent', null]
  ])('%s: the panel says why, with the line that mends it', async (_what, device, said, cause, fix) => {
    answers.smart = { [device]: said }
    const [capability] = (await open('hardware.smart').read(signal)).capabilities
    expect(capability).toMatchObject({ works: false, cause })
    if (fix === null) expect(capability?.fix).toBeNull()
    else expect(capability?.fix).toMatch(fix)
  })

  it('no tool; only virtual disks; a disk that hangs costs only itself', async () => {
    answers.list = 'disk sda\npackages dnf'
    expect((await open('hardware.smart').read(signal)).capabilities).toEqual([
      { id: 'smart', works: false, cause: 'toolMissing', fix: 'sudo dnf install -y smartmontools' }
    ])
    const lane = hardware.lanes.find(({ id }) => id === 'hardware.smart')
    expect(lane?.everyMs(serverId)).toBe(SMART_AGAIN_MS)
    answers.list = 'disk vda\ntool'
    expect((await open('hardware.smart').read(signal)).capabilities[0]).toMatchObject({
      cause: 'notPresent',
      fix: null
    })
    expect(lane?.everyMs(serverId)).toBe(SMART_EVERY_MS)
    answers.list = 'disk sda\ndisk sdb\ntool'
    answers.smart = { sda: new AppError('deadlineExceeded'), sdb: answer('sata-hdd-ok.json') }
    const reading = await open('hardware.smart').read(signal)
    expect(reading.entities.map(({ key }) => key)).toEqual(['sdb'])
    expect(reading.capabilities[0]?.works).toBe(true)
  })

  it('a sleeping disk keeps what it said before, with the time; with the switch it is asked by sudo', async () => {
    const session = open('hardware.smart', 'sudo -n ')
    answers.smart = { sda: answer('sata-hdd-ok.json') }
    await session.read(signal)
    nowMs += 1_800_000
    answers.smart = { sda: answer('standby.json', 2) }
    const reading = await session.read(signal)
    expect(reading.entities).toEqual([])
    expect(asked.at(-1)).toBe('sudo -n smartctl --json -a -n standby /dev/sda 2>&1')
    await open('hardware.parts').read(signal)
    expect(view().disks?.find(({ name }) => name === 'sda')?.smart).toMatchObject({
      asleep: true,
      readAtMs: NOW,
      report: { temperatureCelsius: 33 }
    })
  })

  it('read now: refused while nothing is connected', async () => {
    const ask = handlers()['hardware.readHealth']
    await expect(ask({ serverId }, { signal })).rejects.toMatchObject({ code: 'disconnected' })
    open('hardware.smart')
    answers.smart = { sda: answer('sata-hdd-ok.json') }
    await ask({ serverId }, { signal })
    expect(view().smart?.works).toBe(true)
  })
})

describe('the traffic of the month', () => {
  const withCounters = (eno1: number, uptimeSec: number): string =>
    recorded('hardware/kvm-host.txt')
      .replace('500000000000 1    2', `${eno1} 1    2`)
      .replace('14741.45', String(uptimeSec))

  it('the sum of what counts, each interface for itself; guests’ cables and the loopback are left out', async () => {
    const session = open('hardware.parts')
    answers.parts = withCounters(1_000, 100)
    await session.read(signal)
    nowMs += 60_000
    answers.parts = withCounters(5_000, 160)
    await session.read(signal)
    const seen = await traffic()
    expect(seen.traffic.map(({ key, thisMonth }) => [key, thisMonth.sum.rxBytes])).toEqual([
      ['', 4_000],
      ['bond0', 0],
      ['br0', 0],
      ['eno1', 4_000],
      ['eno2', 0]
    ])
    expect(seen).toMatchObject({ today: '2026-11-28', sinceDay: '2026-11-28' })
  })

  it('what could not be kept is in the next reading', async () => {
    const session = open('hardware.parts')
    answers.parts = withCounters(1_000, 100)
    await session.read(signal)
    for (const [bytes, uptimeSec] of [
      [3_000, 160],
      [6_000, 220]
    ] as const) {
      nowMs += 60_000
      answers.parts = withCounters(bytes, uptimeSec)
      if (uptimeSec === 160) history.failNext = new AppError('diskFull')
      await session.read(signal)
    }
    expect((await traffic()).traffic[0]?.thisMonth.sum.rxBytes).toBe(5_000)
  })

  it('options: the reset day moves the month, what counts goes to the sampler, all of it is kept', async () => {
    open('hardware.counted')
    expect(chosen).toEqual([null])
    const options = HardwareOptions.parse({ resetDay: 28, countedInterfaces: ['eno2'], quotaBytes: 1e12 })
    await handlers()['hardware.setOptions']({ serverId, options }, { signal })
    expect(chosen).toEqual([null, ['eno2']])
    expect(view().options).toEqual(options)
    await open('hardware.parts').read(signal)
    expect((await traffic()).traffic[0]?.thisMonth).toMatchObject({
      fromDay: '2026-11-28',
      toDay: '2026-12-27'
    })
  })
})
