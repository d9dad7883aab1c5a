/** English: the source of all words. One file per subject; what stands here is what the others translate. */
import { activity } from './en/activity.ts'
import { addServer } from './en/add-server.ts'
import { alertChannels } from './en/alert-channels.ts'
import { alertQuiet } from './en/alert-quiet.ts'
import { alertRules } from './en/alert-rules.ts'
import { alerts } from './en/alerts.ts'
import { backup } from './en/backup.ts'
import { bulkServers } from './en/bulk-servers.ts'
import { bulk } from './en/bulk.ts'
import { capabilities } from './en/capabilities.ts'
import { charts } from './en/charts.ts'
import { clones } from './en/clones.ts'
import { compare } from './en/compare.ts'
import { deletion } from './en/deletion.ts'
import { consoles } from './en/consoles.ts'
import { configuration } from './en/configuration.ts'
import { configurationFile } from './en/configuration-file.ts'
import { createMachine } from './en/create-machine.ts'
import { engines } from './en/engines.ts'
import { errors } from './en/errors.ts'
import { exports } from './en/export.ts'
import { figures } from './en/figures.ts'
import { fleet } from './en/fleet.ts'
import { gpus } from './en/gpus.ts'
import { guest } from './en/guest.ts'
import { hardware } from './en/hardware.ts'
import { history } from './en/history.ts'
import { machine } from './en/machine.ts'
import { machines } from './en/machines.ts'
import { metricNames } from './en/metric-names.ts'
import { metrics } from './en/metrics.ts'
import { migrate } from './en/migrate.ts'
import { notifications } from './en/notifications.ts'
import { ports } from './en/ports.ts'
import { power } from './en/power.ts'
import { switching } from './en/switching.ts'
import { server } from './en/server.ts'
import { services } from './en/services.ts'
import { settings } from './en/settings.ts'
import { shell } from './en/shell.ts'
import { snapshots } from './en/snapshots.ts'
import { processes } from './en/processes.ts'
import { recommendation } from './en/recommendation.ts'
import { reports } from './en/reports.ts'
import { stores } from './en/stores.ts'
import { traffic } from './en/traffic.ts'
import { ui } from './en/ui.ts'

export const en = {
  activity,
  addServer,
  alertChannels,
  alertQuiet,
  alertRules,
  alerts,
  backup,
  bulk,
  bulkServers,
  capabilities,
  charts,
  clones,
  compare,
  deletion,
  consoles,
  configuration,
  configurationFile,
  createMachine,
  engines,
  errors,
  export: exports,
  figures,
  fleet,
  gpus,
  guest,
  hardware,
  history,
  machine,
  machines,
  metricNames,
  metrics,
  migrate,
  notifications,
  ports,
  power,
  switching,
  server,
  services,
  settings,
  shell,
  snapshots,
  processes,
  recommendation,
  reports,
  stores,
  traffic,
  ui
}
export type Messages = typeof en
