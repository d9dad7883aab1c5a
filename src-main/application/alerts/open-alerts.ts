/** Puts rules, alerts and the channels that tell of them together, for the engine. */
import type { alertChannelsContract } from '#contract/alert-channels.ts'
import type { alertRulesContract } from '#contract/alert-rules.ts'
import type { alertsContract } from '#contract/alerts.ts'
import type { Handlers } from '#contract/define.ts'
import type { ServerId } from '#contract/ids.ts'
import { openAlertChannels, type OpenedChannels } from '../alert-channels/open-alert-channels.ts'
import type { EngineDeps } from '../engine-deps.ts'
import type { ServerDirectory } from '../servers/server-directory.ts'
import type { SettingsKeeper } from '../settings/settings-keeper.ts'
import { forEach } from '../streams.ts'
import { alertHandlers } from './alert-handlers.ts'
import { alertRuleHandlers } from './alert-rule-handlers.ts'
import { Alerts } from './alerts.ts'
import { fleetSight } from './fleet-sight.ts'
import { serverLevels, type ServerLevels } from './server-levels.ts'

export interface AlertsSight {
  readonly directory: ServerDirectory
  readonly settings: SettingsKeeper
  readonly processIntervalMs: (serverId: ServerId) => number
}

export interface OpenedAlerts {
  readonly alerts: Alerts
  readonly channels: OpenedChannels['channels']
  readonly channelVault: OpenedChannels['vault']
  /** For mail that is no alert. */
  readonly mailer: OpenedChannels['mailer']
  readonly levels: ServerLevels
  readonly handlers: Handlers<
    typeof alertsContract & typeof alertRulesContract & typeof alertChannelsContract
  >
  /** Looks from now on, and lets the channels wait while the workstation is cut off. */
  start(signal: AbortSignal): void
}

export function openAlerts(
  deps: EngineDeps,
  { directory, settings, processIntervalMs }: AlertsSight
): OpenedAlerts {
  const { storage, platform, clock } = deps
  const { history } = storage
  const defaultIntervalMs = (): number => settings.current().intervalMs
  const fleet = fleetSight(directory, () => clock.nowMs())
  const {
    channels,
    vault: channelVault,
    teller,
    mailer,
    handlers
  } = openAlertChannels(deps, {
    zone: () => settings.current().timeZone,
    lasting: () => alerts.lasting()
  })
  const alerts = new Alerts({
    store: storage.alerts,
    history,
    teller,
    fleet,
    clock,
    log: platform.log,
    defaultIntervalMs,
    processIntervalMs,
    onMark: (serverId, atMs, event) => directory.find(serverId)?.picture.happened.tell(event, atMs)
  })
  return {
    alerts,
    channels,
    channelVault,
    mailer,
    levels: serverLevels(alerts, fleet),
    handlers: {
      ...alertHandlers(alerts),
      ...alertRuleHandlers(alerts, { history, fleet, defaultIntervalMs }),
      ...handlers
    },
    start(signal) {
      alerts.start()
      void forEach(alerts.cutOff.latest(signal), (lost) => channels.setNetworkLost(lost))
    }
  }
}
