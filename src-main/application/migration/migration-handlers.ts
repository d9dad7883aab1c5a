/** What the window can ask about VMs on their way to another server. */
import { AppError } from '#contract/errors.ts'
import type { Handlers } from '#contract/define.ts'
import type { migrationContract, MigrationChoice } from '#contract/migration.ts'
import type { VmRef } from '#contract/ids.ts'
import type { ServerDirectory } from '../servers/server-directory.ts'
import { migrate, type MigrateDeps } from './migrate.ts'
import { type MigrationServers, planMigration } from './plan.ts'

export interface MigrationHandlerDeps extends MigrateDeps {
  readonly directory: ServerDirectory
}

const PLAN_DEADLINE_MS = 60_000

export function migrationHandlers(deps: MigrationHandlerDeps): Handlers<typeof migrationContract> {
  const { directory } = deps
  const serversOf = (choice: MigrationChoice): MigrationServers => ({
    source: directory.get(choice.serverId),
    target: directory.get(choice.targetServerId)
  })
  const underWay = new Set<string>()
  return {
    'migration.plan': async (choice, { signal }) => {
      const bounded = AbortSignal.any([signal, AbortSignal.timeout(PLAN_DEADLINE_MS)])
      return (await planMigration(serversOf(choice), choice, { signal: bounded })).plan
    },
    'machines.migrate': async ({ choice, seenName }, context) => {
      const key = keyOf(choice)
      if (underWay.has(key)) throw new AppError('conflict', { params: { what: 'migrating' } })
      underWay.add(key)
      try {
        return await migrate(serversOf(choice), { choice, seenName }, deps, context)
      } finally {
        underWay.delete(key)
      }
    }
  }
}

/** One VM goes one way at a time. */
const keyOf = ({ serverId, vmUuid }: VmRef): string => `${serverId}/${vmUuid}`
