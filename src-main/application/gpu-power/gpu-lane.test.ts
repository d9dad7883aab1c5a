import type { GpusView } from '#contract/gpus.ts'
import { describe, expect, it } from 'vitest'
import { FakeClock, settle } from '../../../test/fakes/engine-parts.ts'
import { runLane, serverId, serverValue, unplayed } from '../../../test/fakes/hardware-lane.ts'
import { recordedText } from '../../../test/fakes/sysfs-tree.ts'
import { NVIDIA_FIELDS, parseNvidiaCard, type NvidiaCard } from '../../domain/gpu/nvidia-query.ts'
import type { NvidiaTrouble } from '../../domain/gpu/nvidia-trouble.ts'
import { DetailBoard } from '../telemetry/detail-board.ts'
import { gpuLane } from './gpu-lane.ts'
import type { GpuProbe, GpuPowerProbes, NvidiaListener } from './probes.ts'

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
