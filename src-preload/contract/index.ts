/** The whole contract between the window and the engine. */
import { activityContract } from './activity.ts'
import { alertChannelsContract } from './alert-channels.ts'
import { alertRulesContract } from './alert-rules.ts'
import { alertsContract } from './alerts.ts'
import { backupContract } from './backup.ts'
import { capabilitiesContract } from './capabilities.ts'
import { configurationContract } from './configuration.ts'
import { configurationFileContract } from './configuration-file.ts'
import { bulkContract } from './bulk.ts'
import { clonesContract } from './clones.ts'
import { consoleContract } from './console.ts'
import { deletionContract } from './deletion.ts'
import { consolesContract } from './consoles.ts'
import { fleetFiguresContract } from './fleet-figures.ts'
import { gpusContract } from './gpus.ts'
import { guestContract } from './guest.ts'
import { createContract } from './create.ts'
import { enginesContract } from './engines.ts'
import { exportsContract } from './exports.ts'
import { hardwareContract } from './hardware.ts'
import { historyContract } from './history.ts'
import { machinesContract } from './machines.ts'
import { networksContract } from './networks.ts'
import { migrationContract } from './migration.ts'
import { powerContract } from './power.ts'
import { switchingContract } from './switching.ts'
import { processesContract } from './processes.ts'
import { portsContract } from './ports.ts'
import { reportsContract } from './reports.ts'
import { serverEditsContract } from './server-edits.ts'
import { serversContract } from './servers.ts'
import { servicesContract } from './services.ts'
import { settingsContract } from './settings.ts'
import { snapshotsContract } from './snapshots.ts'
import { storageContract } from './storage.ts'
import { tasksContract } from './tasks.ts'
import { trafficContract } from './traffic.ts'
import { volumesContract } from './volumes.ts'

export const contract = {
  ...activityContract,
  ...alertChannelsContract,
  ...alertRulesContract,
  ...alertsContract,
  ...backupContract,
  ...capabilitiesContract,
  ...configurationContract,
  ...configurationFileContract,
  ...bulkContract,
  ...clonesContract,
  ...consoleContract,
  ...deletionContract,
  ...consolesContract,
  ...fleetFiguresContract,
  ...gpusContract,
  ...guestContract,
  ...createContract,
  ...enginesContract,
  ...exportsContract,
  ...hardwareContract,
  ...historyContract,
  ...machinesContract,
  ...networksContract,
  ...migrationContract,
  ...powerContract,
  ...switchingContract,
  ...processesContract,
  ...portsContract,
  ...reportsContract,
  ...serverEditsContract,
  ...serversContract,
  ...servicesContract,
  ...settingsContract,
  ...snapshotsContract,
  ...storageContract,
  ...tasksContract,
  ...trafficContract,
  ...volumesContract
}
export type VirthelmContract = typeof contract
