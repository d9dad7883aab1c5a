/** Figures of the fleet of the engine in memory. */
import type { Handlers } from '#contract/define.ts'
import type { fleetFiguresContract } from '#contract/fleet-figures.ts'
import { createTopic } from '../../src-main/application/streams.ts'

export const fakeFleetFigures = (): Handlers<typeof fleetFiguresContract> => ({
  'fleetFigures.read': async ({ fromAtMs, toAtMs }) => ({
    fromAtMs,
    toAtMs,
    level: 'hour',
    servers: [],
    busiest: null,
    idlest: null,
    busyHours: [],
    busiestHourOfDay: null
  }),
  'recommendations.watch': (_input, { signal }) =>
    createTopic({ atMs: Date.now(), servers: [], byGpuMemory: [], byCpu: [], byMemory: [] }).latest(signal)
})
