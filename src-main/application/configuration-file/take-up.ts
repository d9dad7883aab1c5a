/** Lets the running console take up what an import has written: no restart. */
import type { AlertChannels } from '../alert-channels/alert-channels.ts'
import type { Alerts } from '../alerts/alerts.ts'
import type { OutsideEngines } from '../engines/outside-engines.ts'
import type { Log } from '../platform/platform.ts'
import type { Reports } from '../reports/report-handlers.ts'
import type { ServerDirectory } from '../servers/server-directory.ts'
import type { SettingsKeeper } from '../settings/settings-keeper.ts'
import type { ConfigurationFilesDeps } from './configuration-files.ts'

export interface RunningParts {
  readonly settings: Pick<SettingsKeeper, 'reload'>
  readonly directory: Pick<ServerDirectory, 'reload'>
  readonly alerts: Pick<Alerts, 'reload'>
  readonly channels: Pick<AlertChannels, 'reloadAfter'>
  readonly engines: Pick<OutsideEngines, 'reloadAfter'>
  readonly reports: Pick<Reports, 'reload'>
  readonly log: Log
}

export function takeUpBy(parts: RunningParts): ConfigurationFilesDeps['takeUp'] {
  const { settings, directory, alerts, channels, engines, reports, log } = parts
  return async (write, { servers, secrets }) => {
    let isWritten = false
    const wholeWrite = async (): Promise<void> => {
      await write()
      isWritten = true
    }
    try {
      // Channels and engines keep lists that are written whole: theirs is the turn while it is written.
      await channels.reloadAfter(() => engines.reloadAfter(wholeWrite))
      await settings.reload()
      await reports.reload()
      await directory.reload(servers, secrets)
      await alerts.reload()
      return { restartNeeded: false }
    } catch (cause) {
      if (!isWritten) throw cause
      // It is kept whole: the next start has all of it.
      log.error('configurationFile.notTakenUp', cause)
      return { restartNeeded: true }
    }
  }
}
