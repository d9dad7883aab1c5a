/** Temperatures and fans of a server, every 30 s. */
import type { ServerId } from '#contract/ids.ts'
import type { EntityValues } from '#contract/metric-catalogue.ts'
import type { SensorsView } from '#contract/power.ts'
import type { Capability } from '#contract/servers.ts'
import type { DetailBoard } from '../telemetry/detail-board.ts'
import type { LaneReading, TelemetryLane } from '../telemetry/lane.ts'
import { NewLabels } from './new-labels.ts'
import { causeOf } from './lane-cause.ts'
import type { GpuPowerProbes } from './probes.ts'

const EVERY_MS = 30_000
const FIRST_AFTER_MS = 1_500

export function sensorLane(probes: GpuPowerProbes, board: DetailBoard<SensorsView>): TelemetryLane {
  /** Over connections: a fan that stands after a new login has not vanished. */
  const turned = new Map<ServerId, Set<string>>()
  return {
    id: 'sensors',
    everyMs: () => EVERY_MS,
    firstAfterMs: FIRST_AFTER_MS,
    capabilitiesOf: (error) => [{ id: 'sensors', works: false, cause: causeOf(error), fix: null }],
    open(context) {
      const probe = probes.sensors(context)
      const labels = new NewLabels()
      const fans = turned.get(context.serverId) ?? new Set<string>()
      turned.set(context.serverId, fans)
      return {
        async read(signal): Promise<LaneReading> {
          const { sensors, hottestCelsius } = await probe.read(fans, signal)
          board.publish(context.serverId, {
            atMs: context.clock.nowMs(),
            sensors: [...sensors],
            hottestCelsius
          })
          const entities: EntityValues[] = sensors.map(({ key, kind, value }) => ({
            kind: 'sensor',
            key,
            values: kind === 'fan' ? { fanRpm: value } : { temperatureCelsius: value }
          }))
          if (hottestCelsius !== null)
            entities.push({ kind: 'server', key: '', values: { temperatureMaxCelsius: hottestCelsius } })
          const capability: Capability =
            sensors.length === 0
              ? { id: 'sensors', works: false, cause: 'notPresent', fix: null }
              : { id: 'sensors', works: true, cause: null, fix: null }
          return {
            entities,
            labels: labels.of(
              sensors.map(({ key, chip, label }) => ({ kind: 'sensor', key, label: `${chip} ${label}` }))
            ),
            capabilities: [capability]
          }
        },
        close: () => undefined
      }
    }
  }
}
