/** Runs a telemetry lane in a test until the test is over; what it brought is kept. */
import { ServerId } from '#contract/ids.ts'
import { afterEach } from 'vitest'
import type { HostSampling } from '../../src-main/application/sampling/host-sampler.ts'
import type { Connection } from '../../src-main/application/servers/connection.ts'
import type { LaneReading, TelemetryLane } from '../../src-main/application/telemetry/lane.ts'
import { runTelemetryLane } from '../../src-main/application/telemetry/run-lane.ts'
import { noTools, silentLog, type FakeClock } from './engine-parts.ts'

export const serverId = ServerId.parse('00000000-0000-4000-8000-000000000001')
export const unplayed = (): never => {
  throw new Error('not played')
}
export const cleanUps: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp()
})

/** Runs a lane until the test is over; what it brought is kept. */
export function runLane(
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

export const serverValue = (reading: LaneReading | undefined, metric: string): number | undefined =>
  reading?.entities
    .filter(({ kind }) => kind === 'server')
    .map(({ values }) => (values as Record<string, number>)[metric])
    .find((value) => value !== undefined)
