import { AppError } from '#contract/errors.ts'
import type { PowerView } from '#contract/power.ts'
import { describe, expect, it } from 'vitest'
import { FakeClock, silentLog } from '../../../test/fakes/engine-parts.ts'
import { cleanUps, runLane, serverId, serverValue, unplayed } from '../../../test/fakes/hardware-lane.ts'
import type { DcmiAnswer } from '../../domain/gpu-power/dcmi.ts'
import type { DayTotal } from '../storage.ts'
import { DetailBoard } from '../telemetry/detail-board.ts'
import { EnergyLedger } from './energy-ledger.ts'
import { powerLane } from './power-lane.ts'
import type { GpuPowerProbes, PowerProbe, PowerReading } from './probes.ts'

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
