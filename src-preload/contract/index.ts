/** The whole contract between the window and the engine. */
import { activityContract } from './activity.ts'
import { backupContract } from './backup.ts'
import { consoleContract } from './console.ts'
import { createContract } from './create.ts'
import { enginesContract } from './engines.ts'
import { exportsContract } from './exports.ts'
import { historyContract } from './history.ts'
import { machinesContract } from './machines.ts'
import { networksContract } from './networks.ts'
import { serversContract } from './servers.ts'
import { settingsContract } from './settings.ts'
import { storageContract } from './storage.ts'
import { tasksContract } from './tasks.ts'
import { volumesContract } from './volumes.ts'

export const contract = {
  ...activityContract,
  ...backupContract,
  ...consoleContract,
  ...createContract,
  ...enginesContract,
  ...exportsContract,
  ...historyContract,
  ...machinesContract,
  ...networksContract,
  ...serversContract,
  ...settingsContract,
  ...storageContract,
  ...tasksContract,
  ...volumesContract
}
export type VirthelmContract = typeof contract
