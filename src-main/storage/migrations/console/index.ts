import type { Migration } from '../migration.ts'
import { firstSchema } from './0001-first-schema.ts'
import { reports } from './0003-reports.ts'

export const CONSOLE_MIGRATIONS: readonly Migration[] = [firstSchema, reports]
