/** What the window can ask about alerts, and say to them. */
import type { alertsContract } from '#contract/alerts.ts'
import type { Handlers } from '#contract/define.ts'
import type { Alerts } from './alerts.ts'

export function alertHandlers(alerts: Alerts): Handlers<typeof alertsContract> {
  const { quiet } = alerts
  return {
    'alerts.watch': (_input, { signal }) => alerts.watch(signal),
    'alerts.history': async (query) => ({ alerts: await alerts.history(query) }),
    'alerts.acknowledge': async ({ alertId, note }) => {
      await alerts.acknowledge(alertId, note)
      return null
    },
    'alerts.takeBackAcknowledge': async ({ alertId }) => {
      await alerts.takeBackAcknowledge(alertId)
      return null
    },
    'alerts.watchQuiet': (_input, { signal }) => quiet.watch(signal),
    'alerts.silence': async (draft) => ({ silenceId: await quiet.silence(draft) }),
    'alerts.liftSilence': async ({ silenceId }) => {
      await quiet.lift(silenceId)
      return null
    },
    'alerts.saveMaintenance': async ({ maintenanceId, draft }) => ({
      maintenanceId: await quiet.saveMaintenance(maintenanceId, draft)
    }),
    'alerts.removeMaintenance': async ({ maintenanceId }) => {
      await quiet.removeMaintenance(maintenanceId)
      return null
    }
  }
}
