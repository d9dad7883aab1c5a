import { AppError } from '#contract/errors.ts'
import type { GpusView } from '#contract/gpus.ts'
import { ServerId } from '#contract/ids.ts'
import type { PowerView } from '#contract/power.ts'
import { afterEach, describe, expect, it } from 'vitest'
import { FakeClock, noTools, settle, silentLog } from '../../../test/fakes/engine-parts.ts'
import { recordedText } from '../../../test/fakes/sysfs-tree.ts'
import { NVIDIA_FIELDS, parseNvidiaCard, type NvidiaCard } from '../../domain/gpu/nvidia-query.ts'
import type { NvidiaTrouble } from '../../domain/gpu/nvidia-trouble.ts'
import type { DcmiAnswer } from '../../domain/gpu-power/dcmi.ts'
import type { HostSampling } from '../sampling/host-sampler.ts'
import type { Connection } from '../servers/connection.ts'
import type { DayTotal } from '../storage.ts'
import { DetailBoard } from '../telemetry/detail-board.ts'
import type { LaneReading, TelemetryLane } from '../telemetry/lane.ts'
import { runTelemetryLane } from '../telemetry/run-lane.ts'
import { EnergyLedger } from './energy-ledger.ts'
import { gpuLane } from './gpu-lane.ts'
import { powerLane } from './power-lane.ts'
import type { GpuProbe, GpuPowerProbes, NvidiaListener, PowerProbe, PowerReading } from './probes.ts'

const serverId = ServerId.parse('00000000-0000-4000-8000-000000000001')
const unplayed = (): never => {
  throw new Error('not played')
}
const cleanUps: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp()
})

/** Runs a lane until the test is over; what it brought is kept. */
function runLane(
  lane: TelemetryLane,
  clock: FakeClock
): { readonly readings: LaneReading[]; readonly causes: string[] } {
  const life = new AbortController()
  const readings: LaneReading[] = []
  const causes: string[] = []
  const running = runTelemetryLane(
    lane,
    {
      serverId,
      connection: {} as Connection,
      sampling: {} as HostSampling,
      tools: noTools,
      clock,
      log: silentLog,
      sudo: () => '',
      signal: life.signal
    },
    {
      onReading: (_id, _atMs, reading) => {
        readings.push(reading)
        causes.push(reading.capabilities[0]?.cause ?? 'works')
      },
      onCapabilities: (_id, capabilities) => causes.push(capabilities[0]?.cause ?? 'works')
    }
  )
  cleanUps.push(() => {
    life.abort()
    return running
  })
  return { readings, causes }
}

const serverValue = (reading: LaneReading | undefined, metric: string): number | undefined =>
  reading?.entities
    .filter(({ kind }) => kind === 'server')
    .map(({ values }) => (values as Record<string, number>)[metric])
    .find((value) => value !== undefined)

describe('the power lane', () => {
  function open(probe: { rapl?: boolean; ipmi: () => Promise<DcmiAnswer> }) {
    const clock = new FakeClock()
    const kept: DayTotal[] = []
    const ledger = new EnergyLedger({
      history: { addDayTotals: async (totals) => void kept.push(...totals) },
      clock,
      log: silentLog,
      zone: () => 'utc'
    })
    cleanUps.push(() => ledger.close())
    const board = new DetailBoard<PowerView>()
    const power: PowerProbe = {
      async read(): Promise<PowerReading> {
        const uptimeSec = clock.monotonicMs() / 1_000 + 100
        const zones =
          probe.rapl === true
            ? [
                {
                  name: 'package-0',
                  scope: 'part' as const,
                  energyMicroJoules: uptimeSec * 50e6,
                  rangeMicroJoules: 262e9
                }
              ]
            : []
        return {
          uptimeSec,
          rapl: { zones, denied: false },
          hasRapl: probe.rapl === true,
          meters: [],
          batteries: []
        }
      },
      readIpmi: probe.ipmi
    }
    const probes: GpuPowerProbes = { power: () => power, gpu: unplayed, sensors: unplayed }
    const lane = powerLane({ probes, board, ledger, gpuWatts: () => null })
    return { clock, board, kept, ledger, ...runLane(lane, clock) }
  }

  it('does not wait for a BMC that takes its time, and takes what it says when it says it', async () => {
    const answer = Promise.withResolvers<DcmiAnswer>()
    const { clock, readings, board } = open({ rapl: true, ipmi: () => answer.promise })
    await clock.advance(9_000)
    expect(readings).toHaveLength(2)
    // A counter has no watts yet at its first reading; a part is no answer while the whole may come.
    expect(serverValue(readings[0], 'powerWatts')).toBeUndefined()
    expect(serverValue(readings[1], 'powerWatts')).toBeCloseTo(50)
    expect(board.latest(serverId)?.best).toMatchObject({ keys: ['rapl:package-0'], scope: 'parts' })
    answer.resolve({ kind: 'watts', watts: 180 })
    await clock.advance(30_000)
    expect(serverValue(readings.at(-1), 'powerWatts')).toBe(180)
    expect(board.latest(serverId)?.best).toMatchObject({ keys: ['ipmi'], scope: 'machine' })
  })

  it('shows nothing rather than a part of the machine while the BMC is silent, and the part when it stays so', async () => {
    let silent = false
    const { clock, readings } = open({
      rapl: true,
      ipmi: async () => {
        if (silent) throw new AppError('deadlineExceeded')
        return { kind: 'watts', watts: 180 }
      }
    })
    await clock.advance(40_000)
    expect(serverValue(readings.at(-1), 'powerWatts')).toBe(180)
    silent = true
    await clock.advance(120_000)
    expect(serverValue(readings.at(-1), 'powerWatts')).toBeUndefined()
    await clock.advance(240_000)
    expect(serverValue(readings.at(-1), 'powerWatts')).toBeCloseTo(50)
  })

  it('says why there is nothing', async () => {
    const { clock, causes, readings } = open({ ipmi: async () => ({ kind: 'denied' }) })
    await clock.advance(10_000)
    expect(causes.at(-1)).toBe('permissionDenied')
    expect(readings.at(-1)?.capabilities[0]?.fix).toMatch(/^echo .*sudoers/)
    const none = open({ ipmi: async () => ({ kind: 'noDevice' }) })
    await none.clock.advance(10_000)
    expect(none.causes.at(-1)).toBe('notPresent')
    expect(none.readings.at(-1)?.entities).toEqual([])
  })

  it('adds up energy of each source and of the server, and invents none over a gap', async () => {
    const { clock, kept, ledger } = open({ rapl: true, ipmi: async () => ({ kind: 'watts', watts: 200 }) })
    await clock.advance(10 * 60_000)
    await ledger.flush()
    const sum = (kind: string, key: string): number =>
      kept
        .filter((total) => total.kind === kind && total.key === key)
        .reduce((all, { total }) => all + total, 0)
    // Ten minutes without the first reading, and the second's beginning.
    expect(sum('server', '')).toBeGreaterThan(200 * 560)
    expect(sum('server', '')).toBeLessThanOrEqual(200 * 600)
    expect(sum('power', 'rapl:package-0')).toBeCloseTo(sum('server', '') / 4, -3)
    const before = sum('server', '')
    ledger.take(serverId, clock.nowMs() + 3_600_000, [{ source: null, watts: 200, joules: null }])
    await ledger.flush()
    expect(sum('server', '')).toBe(before)
  })
})

describe('energy that could not be kept', () => {
  it('waits, and is kept once', async () => {
    const clock = new FakeClock()
    const kept: DayTotal[] = []
    let full = true
    const ledger = new EnergyLedger({
      history: {
        addDayTotals: async (totals) => {
          if (full) throw new AppError('diskFull')
          kept.push(...totals)
        }
      },
      clock,
      log: silentLog,
      zone: () => 'utc'
    })
    cleanUps.push(() => ledger.close())
    for (const at of [0, 30_000, 60_000])
      ledger.take(serverId, clock.nowMs() + at, [{ source: 'ipmi', watts: 100, joules: null }])
    await ledger.flush()
    expect(kept).toEqual([])
    full = false
    await clock.advance(60_000)
    expect(kept).toMatchObject([{ kind: 'power', key: 'ipmi', name: 'energyJoules', total: 6_000 }])
  })
})

const cardsOf = (file: string): NvidiaCard[] =>
  recordedText(file)
    .split('\n')
    .flatMap((line) => parseNvidiaCard(line, NVIDIA_FIELDS) ?? [])

/** A nvidia-smi that a test drives: rows when it says so, an end when it says so. */
class PlayedNvidia {
  readonly starts: number[] = []
  readonly ended: number[] = []
  cards = cardsOf('gpu/h100-8.csv')
  /** Prints nothing any more. */
  hangs = false
  /** Ends at once and says this. */
  says: NvidiaTrouble | null = null
  canBeEnded = true
  survey = { hasNvidiaSmi: true, onBus: ['nvidia' as const], names: new Map<string, string>() }
  readonly #clock: FakeClock

  constructor(clock: FakeClock) {
    this.#clock = clock
  }

  probe(): GpuProbe {
    return {
      survey: async () => this.survey,
      readDrm: async () => ({ uptimeSec: 1, cards: [] }),
      followNvidia: (listener, signal) => this.#follow(listener, signal),
      readNvidiaList: async () => ({ cudaVersion: '12.4', slices: [] }),
      readProcesses: async () => [],
      endNvidia: async (pid) => {
        this.ended.push(pid)
        return this.canBeEnded
      }
    }
  }

  async #follow(listener: NvidiaListener, signal: AbortSignal): Promise<NvidiaTrouble | null> {
    this.starts.push(this.#clock.monotonicMs())
    listener.onStarted(1_000 + this.starts.length)
    if (this.says !== null) return this.says
    for (;;) {
      if (!this.hangs) for (const card of this.cards) listener.onCard(card)
      await this.#clock.sleep(10_000, signal)
    }
  }
}

describe('the lane of graphics cards', () => {
  function open(change: (nvidia: PlayedNvidia) => void = () => undefined) {
    const clock = new FakeClock()
    const nvidia = new PlayedNvidia(clock)
    change(nvidia)
    const board = new DetailBoard<GpusView>()
    const probes: GpuPowerProbes = { gpu: () => nvidia.probe(), power: unplayed, sensors: unplayed }
    return { clock, nvidia, board, ...runLane(gpuLane(probes, board), clock) }
  }

  it('brings eight cards, and their sums for the server', async () => {
    const { clock, readings, board, causes } = open()
    await clock.advance(15_000)
    const cards = cardsOf('gpu/h100-8.csv')
    const sumOf = (value: (card: NvidiaCard) => number | null): number =>
      cards.reduce((sum, card) => sum + (value(card) ?? 0), 0)
    expect(causes.at(-1)).toBe('works')
    expect(readings[0]?.entities.filter(({ kind }) => kind === 'gpu')).toHaveLength(8)
    expect(readings[0]?.labels).toHaveLength(8)
    expect(readings[1]?.labels).toEqual([])
    expect(serverValue(readings[0], 'gpuCount')).toBe(8)
    expect(serverValue(readings[0], 'gpuMemoryFreeBytes')).toBe(
      sumOf(({ memoryFreeBytes }) => memoryFreeBytes)
    )
    expect(serverValue(readings[0], 'gpuPowerWatts')).toBeCloseTo(sumOf(({ powerWatts }) => powerWatts))
    expect(board.latest(serverId)).toMatchObject({
      driverVersion: '550.90.07',
      cudaVersion: '12.4',
      hints: []
    })
  })

  it('ends a nvidia-smi that hangs, starts it again after a pause, and says so meanwhile', async () => {
    const { clock, nvidia, board, causes } = open()
    await clock.advance(15_000)
    nvidia.hangs = true
    await clock.advance(60_000)
    expect(causes.at(-1)).toBe('stalled')
    expect(board.latest(serverId)?.hints.map(({ kind }) => kind)).toEqual(['stalled'])
    nvidia.hangs = false
    await clock.advance(60_000)
    expect(nvidia.ended).toEqual([1_001])
    expect(nvidia.starts).toHaveLength(2)
    expect(causes.at(-1)).toBe('works')
  })

  it('never starts a second one beside one that cannot be ended', async () => {
    const { clock, nvidia } = open((played) => {
      played.hangs = true
      played.canBeEnded = false
    })
    await clock.advance(3_600_000)
    expect(nvidia.starts).toHaveLength(1)
    expect(nvidia.ended.length).toBeGreaterThan(2)
    expect(nvidia.ended.length).toBeLessThan(12)
  })

  it('lets a card go that is told of no more', async () => {
    const { clock, nvidia, readings } = open()
    await clock.advance(15_000)
    nvidia.cards = nvidia.cards.slice(0, 7)
    await clock.advance(60_000)
    expect(serverValue(readings.at(-1), 'gpuCount')).toBe(7)
  })

  it.each([
    [{ kind: 'driverMismatch' }, 'daemonDown', 'driverMismatch'],
    [{ kind: 'driverNotLoaded' }, 'daemonDown', 'driverNotLoaded'],
    [{ kind: 'denied' }, 'permissionDenied', 'denied'],
    [{ kind: 'gpuLost', pciAddress: '0000:3b:00.0' }, 'unreadable', 'gpuLost']
  ] as const)('says what is wrong: %j', async (says, cause, hint) => {
    const { clock, causes, board } = open((played) => {
      played.says = says
    })
    await clock.advance(15_000)
    expect(causes.at(-1)).toBe(cause)
    expect(board.latest(serverId)?.hints.map(({ kind }) => kind)).toEqual([hint])
  })

  it('rests where there is no card, and says that there is none', async () => {
    const { clock, readings, causes } = open((played) => {
      played.survey = { ...played.survey, hasNvidiaSmi: false, onBus: [] }
    })
    await clock.advance(30 * 60_000)
    expect(new Set(causes)).toEqual(new Set(['notPresent']))
    expect(readings).toHaveLength(3)
    await settle()
  })

  it('hints at persistence mode, and marks the card that fails', async () => {
    const { clock, board, readings } = open((played) => {
      played.cards = cardsOf('gpu/trouble.csv')
    })
    await clock.advance(15_000)
    expect(board.latest(serverId)?.hints).toEqual([
      { kind: 'gpuFault', subject: 'GPU 1 NVIDIA GeForce RTX 3090', fix: null },
      { kind: 'gpuFault', subject: 'GPU 2 Tesla V100-PCIE-16GB', fix: null },
      { kind: 'persistenceOff', subject: null, fix: 'sudo nvidia-smi -pm 1' }
    ])
    // A sum without one of its parts would look like that of all.
    expect(serverValue(readings.at(-1), 'gpuPowerWatts')).toBeUndefined()
  })
})
