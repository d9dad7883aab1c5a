import type { Migration } from '../migration.ts'
import { firstSchema } from './0001-first-schema.ts'
import { alerts } from './0002-alerts.ts'
import { reports } from './0003-reports.ts'

export const CONSOLE_MIGRATIONS: readonly Migration[] = [firstSchema, alerts, reports]
