/** Puts reports and what they are made of together, for the engine. */
import type { EngineDeps } from '../engine-deps.ts'
import type { SettingsKeeper } from '../settings/settings-keeper.ts'
import { periodAlerts, type ReadPage } from './period-alerts.ts'
import { createReports, type Reports } from './report-handlers.ts'
import type { ReadFigures, ReportMailer } from './report-sources.ts'

export interface ReportsSight {
  readonly figures: ReadFigures
  readonly alertHistory: ReadPage
  readonly mailer: ReportMailer
  readonly settings: SettingsKeeper
}

export function openReports(deps: EngineDeps, sight: ReportsSight): Reports {
  const { storage, platform, clock } = deps
  return createReports({
    sources: {
      figures: sight.figures,
      alerts: periodAlerts(sight.alertHistory),
      history: storage.history,
      servers: storage.servers
    },
    store: storage.reports,
    blobs: storage.blobs,
    files: deps.reportFiles,
    desk: platform.reportDesk,
    mailer: sight.mailer,
    target: platform.exportTarget,
    clock,
    log: platform.log,
    zone: () => sight.settings.current().timeZone,
    meta: platform.info
  })
}
