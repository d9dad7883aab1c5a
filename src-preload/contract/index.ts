/** The whole contract between the window and the engine. */
import { activityContract } from './activity.ts'
import { backupContract } from './backup.ts'
import { clonesContract } from './clones.ts'
import { consoleContract } from './console.ts'
import { enginesContract } from './engines.ts'
import { exportsContract } from './exports.ts'
import { historyContract } from './history.ts'
import { machinesContract } from './machines.ts'
import { serversContract } from './servers.ts'
import { settingsContract } from './settings.ts'
import { snapshotsContract } from './snapshots.ts'
import { tasksContract } from './tasks.ts'

export const contract = {
  ...activityContract,
  ...backupContract,
  ...clonesContract,
  ...consoleContract,
  ...enginesContract,
  ...exportsContract,
  ...historyContract,
  ...machinesContract,
  ...serversContract,
  ...settingsContract,
  ...snapshotsContract,
  ...tasksContract
}
export type VirthelmContract = typeof contract
