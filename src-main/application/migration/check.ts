/** One fact and its meaning. */
import type { MigrationCheck, MigrationCheckId } from '#contract/migration.ts'

type Params = MigrationCheck['params']
export const ok = (id: MigrationCheckId, reason = 'ok', params: Params = {}): MigrationCheck => ({
  id,
  level: 'ok',
  reason,
  params
})
export const warn = (id: MigrationCheckId, reason: string, params: Params = {}): MigrationCheck => ({
  id,
  level: 'warn',
  reason,
  params
})
export const fail = (id: MigrationCheckId, reason: string, params: Params = {}): MigrationCheck => ({
  id,
  level: 'fail',
  reason,
  params
})
