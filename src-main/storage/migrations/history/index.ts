import type { Migration } from '../migration.ts'
import { firstSchema } from './0001-first-schema.ts'
import { chunksDaysMarks } from './0002-chunks-days-marks.ts'
import { telemetryKinds } from './0003-telemetry-kinds.ts'
import { processes } from './0004-processes.ts'
import { webTraffic } from './0005-web-traffic.ts'
import { trafficCounters } from './0006-traffic-counters.ts'

export const HISTORY_MIGRATIONS: readonly Migration[] = [
  firstSchema,
  chunksDaysMarks,
  telemetryKinds,
  processes,
  webTraffic,
  trafficCounters
]
