/** The whole contract between the window and the engine. */
import { activityContract } from './activity.ts'
import { backupContract } from './backup.ts'
import { consoleContract } from './console.ts'
import { enginesContract } from './engines.ts'
import { exportsContract } from './exports.ts'
import { historyContract } from './history.ts'
import { machinesContract } from './machines.ts'
import { migrationContract } from './migration.ts'
import { serversContract } from './servers.ts'
import { settingsContract } from './settings.ts'
import { tasksContract } from './tasks.ts'

export const contract = {
  ...activityContract,
  ...backupContract,
  ...consoleContract,
  ...enginesContract,
  ...exportsContract,
  ...historyContract,
  ...machinesContract,
  ...migrationContract,
  ...serversContract,
  ...settingsContract,
  ...tasksContract
}
export type VirthelmContract = typeof contract
