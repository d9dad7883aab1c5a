import type { Migration } from '../migration.ts'
import { firstSchema } from './0001-first-schema.ts'
import { chunksDaysMarks } from './0002-chunks-days-marks.ts'
import { telemetryKinds } from './0003-telemetry-kinds.ts'
import { trafficCounters } from './0004-traffic-counters.ts'

export const HISTORY_MIGRATIONS: readonly Migration[] = [
  firstSchema,
  chunksDaysMarks,
  telemetryKinds,
  trafficCounters
]
