import type { Migration } from '../migration.ts'
import { firstSchema } from './0001-first-schema.ts'
import { alerts } from './0002-alerts.ts'

export const CONSOLE_MIGRATIONS: readonly Migration[] = [firstSchema, alerts]
