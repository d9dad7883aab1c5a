import { AppError } from '#contract/errors.ts'
import { ServerId } from '#contract/ids.ts'
import type { Capability } from '#contract/servers.ts'
import { describe, expect, it } from 'vitest'
import { FakeClock, noTools, silentLog } from '../../../test/fakes/engine-parts.ts'
import type { HostSampling } from '../sampling/host-sampler.ts'
import type { Connection } from '../servers/connection.ts'
import type { LaneReading, TelemetryLane } from './lane.ts'
import { runTelemetryLane } from './run-lane.ts'

const missing: Capability = { id: 'gpu', works: false, cause: 'toolMissing', fix: null }
const there: Capability = { id: 'gpu', works: true, cause: null, fix: null }
const reading: LaneReading = { entities: [], capabilities: [there] }

/** Reads once a minute for five minutes. */
async function fiveMinutesOf(read: (round: number) => Promise<LaneReading>) {
  const clock = new FakeClock()
  const life = new AbortController()
  const said: string[] = []
  let rounds = 0
  let closed = 0
  const lane: TelemetryLane = {
    id: 'test',
    everyMs: () => 60_000,
    firstAfterMs: 5_000,
    open: () => ({ read: () => read(++rounds), close: () => closed++ }),
    capabilitiesOf: () => [missing]
  }
  const running = runTelemetryLane(
    lane,
    {
      serverId: ServerId.parse('00000000-0000-4000-8000-000000000001'),
      connection: {} as Connection,
      sampling: {} as HostSampling,
      tools: noTools,
      clock,
      log: silentLog,
      sudo: () => '',
      signal: life.signal
    },
    {
      onReading: () => said.push('reading'),
      onCapabilities: (_id, capabilities) => said.push(capabilities[0]?.cause ?? 'works')
    }
  )
  await clock.advance(300_000)
  life.abort()
  await running
  return { said, rounds, closed }
}

describe('a telemetry lane', () => {
  it('reads at its pace and ends with the connection', async () => {
    const { said, closed } = await fiveMinutesOf(async () => reading)
    expect(said).toEqual(Array.from({ length: 5 }, () => 'reading'))
    expect(closed).toBe(1)
  })

  it('says why it has nothing, is asked again all the same, and comes back', async () => {
    const { said } = await fiveMinutesOf(async (round) => {
      if (round === 2) throw new AppError('deadlineExceeded')
      if (round === 3) throw new TypeError('a fault of our own')
      return reading
    })
    expect(said).toEqual(['reading', 'toolMissing', 'toolMissing', 'reading', 'reading'])
  })
})
