/** The whole contract between the window and the engine. */
import { activityContract } from './activity.ts'
import { backupContract } from './backup.ts'
import { capabilitiesContract } from './capabilities.ts'
import { configurationContract } from './configuration.ts'
import { bulkContract } from './bulk.ts'
import { clonesContract } from './clones.ts'
import { consoleContract } from './console.ts'
import { deletionContract } from './deletion.ts'
import { consolesContract } from './consoles.ts'
import { guestContract } from './guest.ts'
import { createContract } from './create.ts'
import { enginesContract } from './engines.ts'
import { exportsContract } from './exports.ts'
import { historyContract } from './history.ts'
import { machinesContract } from './machines.ts'
import { networksContract } from './networks.ts'
import { migrationContract } from './migration.ts'
import { serversContract } from './servers.ts'
import { settingsContract } from './settings.ts'
import { snapshotsContract } from './snapshots.ts'
import { storageContract } from './storage.ts'
import { tasksContract } from './tasks.ts'
import { volumesContract } from './volumes.ts'

export const contract = {
  ...activityContract,
  ...backupContract,
  ...capabilitiesContract,
  ...configurationContract,
  ...bulkContract,
  ...clonesContract,
  ...consoleContract,
  ...deletionContract,
  ...consolesContract,
  ...guestContract,
  ...createContract,
  ...enginesContract,
  ...exportsContract,
  ...historyContract,
  ...machinesContract,
  ...networksContract,
  ...migrationContract,
  ...serversContract,
  ...settingsContract,
  ...snapshotsContract,
  ...storageContract,
  ...tasksContract,
  ...volumesContract
}
export type VirthelmContract = typeof contract
