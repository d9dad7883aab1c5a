/** Alerts: what is wrong now or will be, what was, and what the operator said to it. */
import { z } from 'zod'
import { call, stream } from './define.ts'
import { AlertScope, RuleWatch } from './alert-rules.ts'
import { EntityRef } from './history.ts'
import { AlertId, MaintenanceId, RuleId, ServerId, SilenceId, VmUuid } from './ids.ts'
import { ProcessRef } from './processes.ts'
import { AtMs, DurationMs, RemoteText } from './units.ts'
import { AlertLevel } from './vocabulary.ts'

/** The process that a process rule names. Texts are remote. */
export const AlertProcess = ProcessRef.extend({ name: RemoteText, user: RemoteText.nullable() })
export type AlertProcess = z.infer<typeof AlertProcess>

export const AlertForecast = z.object({
  atMs: AtMs,
  earliestAtMs: AtMs,
  /** null = it may not come at all. */
  latestAtMs: AtMs.nullable(),
  changePerHour: z.number(),
  basis: z.enum(['trend', 'timeOfDay'])
})
export type AlertForecast = z.infer<typeof AlertForecast>

/** `value` and `threshold` are in the unit of what the rule watches; null where it has none (server off, no data). */
export const Alert = z.object({
  id: AlertId,
  ruleId: RuleId,
  /** As in the rule when it was raised; null = one of the console's own (`preset`). */
  ruleName: z.string().max(120).nullable(),
  preset: z.string().max(40).nullable(),
  watch: RuleWatch,
  level: AlertLevel,
  cause: z.enum(['threshold', 'forecast', 'noData', 'serverOff', 'vmNotResponding', 'vmOff']),
  serverId: ServerId,
  vmUuid: VmUuid.nullable(),
  /** What it is about, for its chart; null = the server or the VM as such. */
  entity: EntityRef.nullable(),
  /** The mount, card, interface by name; '' = the server or VM itself. */
  label: RemoteText,
  /** Of the server and VM when it was raised: they may be gone. */
  serverName: z.string().max(80),
  vmName: RemoteText.nullable(),
  process: AlertProcess.nullable(),
  direction: z.enum(['above', 'below']),
  threshold: z.number().nullable(),
  value: z.number().nullable(),
  /** The farthest beyond the threshold while it lasted. */
  worst: z.number().nullable(),
  forMs: DurationMs,
  forecast: AlertForecast.nullable(),
  /** Code of the connection's failure, for a server that is off. */
  failureCode: z.string().max(64).nullable(),
  raisedAtMs: AtMs,
  /** When it became RED; null = it never was. */
  redAtMs: AtMs.nullable(),
  /** null = it lasts. */
  recoveredAtMs: AtMs.nullable(),
  /** Why it is over: the value, or what it was about is gone, or the rule was changed. */
  ended: z.enum(['recovered', 'targetGone', 'ruleChanged', 'expectedOff']).nullable(),
  acknowledged: z.object({ atMs: AtMs, note: z.string().max(500) }).nullable(),
  /** Set: shown, but not told and not counted. Until when; the maximum = until it is lifted. */
  quiet: z.object({ reason: z.enum(['silence', 'maintenance']), untilAtMs: AtMs.nullable() }).nullable()
})
export type Alert = z.infer<typeof Alert>

export const MAX_ALERTS_SHOWN = 2_000

/** Not quiet ones, acknowledged or not. */
export const AlertCounts = z.object({ red: z.int(), amber: z.int() })
export type AlertCounts = z.infer<typeof AlertCounts>

export const AlertsNow = z.object({
  atMs: AtMs,
  /** RED before AMBER, the newest first, quiet ones last. */
  alerts: z.array(Alert).max(MAX_ALERTS_SHOWN),
  leftOut: z.int(),
  counts: AlertCounts,
  /** Set: nothing answers, so it is the workstation's own network, or it was asleep. No server is blamed meanwhile. */
  ownNetworkLost: z.object({ sinceAtMs: AtMs }).nullable()
})
export type AlertsNow = z.infer<typeof AlertsNow>

/** What keeps quiet: scope and rule; `ruleId` null = every rule. */
export const Silence = z.object({
  id: SilenceId,
  scope: AlertScope,
  ruleId: RuleId.nullable(),
  /** null = until it is lifted. */
  untilAtMs: AtMs.nullable(),
  note: z.string().max(500),
  madeAtMs: AtMs
})
export type Silence = z.infer<typeof Silence>

/** HH:MM of a wall clock. */
export const ClockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/)

/**
 * A time without news. In the wall clock of `zone` (IANA name): where a change to or from summer time takes the start away it
 * begins at the change; where it comes twice it begins at the first. It lasts `durationMs` of real time.
 */
export const MaintenanceDraft = z.object({
  name: z.string().trim().min(1).max(120),
  enabled: z.boolean().default(true),
  scopes: z.array(AlertScope).min(1).max(64),
  zone: z.string().min(1).max(64),
  /** Date of the first (or only) one: YYYY-MM-DD. */
  fromDay: z.iso.date(),
  at: ClockTime,
  durationMs: DurationMs.min(60_000).max(31 * 86_400_000),
  repeat: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('once') }),
    z.object({ kind: z.literal('daily') }),
    /** 0 = Monday. */
    z.object({ kind: z.literal('weekly'), weekdays: z.array(z.int().min(0).max(6)).min(1).max(7) }),
    /** In a month without that day: its last. */
    z.object({ kind: z.literal('monthly'), dayOfMonth: z.int().min(1).max(31) })
  ]),
  /** Last date on which one may begin; null = for ever. */
  untilDay: z.iso.date().nullable().default(null)
})
export type MaintenanceDraft = z.infer<typeof MaintenanceDraft>

export const Maintenance = MaintenanceDraft.extend({ id: MaintenanceId })
export type Maintenance = z.infer<typeof Maintenance>

/** With the window that is open, or comes next; null = none comes. */
export const MaintenanceView = z.object({
  maintenance: Maintenance,
  openUntilAtMs: AtMs.nullable(),
  nextAtMs: AtMs.nullable()
})
export type MaintenanceView = z.infer<typeof MaintenanceView>

export const AlertHistoryQuery = z
  .object({
    fromAtMs: AtMs,
    toAtMs: AtMs,
    serverId: ServerId.optional(),
    vmUuid: VmUuid.optional(),
    ruleId: RuleId.optional(),
    level: AlertLevel.optional(),
    /** Those raised before this one: the next page. */
    before: z.object({ raisedAtMs: AtMs, id: AlertId }).optional(),
    limit: z.int().min(1).max(1_000)
  })
  .refine((query) => query.fromAtMs < query.toAtMs, { path: ['toAtMs'] })
export type AlertHistoryQuery = z.infer<typeof AlertHistoryQuery>

const ById = z.object({ alertId: AlertId })

export const alertsContract = {
  'alerts.watch': stream(z.object({}), AlertsNow, 'latest'),
  /** Alerts that lasted within the range, the newest raise first; kept for a year. */
  'alerts.history': call(AlertHistoryQuery, z.object({ alerts: z.array(Alert).max(1_000) })),
  /** Not told again. Throws notFound for one that is over. */
  'alerts.acknowledge': call(ById.extend({ note: z.string().trim().max(500) }), z.null()),
  'alerts.takeBackAcknowledge': call(ById, z.null()),
  'alerts.watchQuiet': stream(
    z.object({}),
    z.object({ silences: z.array(Silence).max(500), maintenances: z.array(MaintenanceView).max(500) }),
    'latest'
  ),
  'alerts.silence': call(
    Silence.pick({ scope: true, ruleId: true, untilAtMs: true, note: true }),
    z.object({ silenceId: SilenceId })
  ),
  'alerts.liftSilence': call(z.object({ silenceId: SilenceId }), z.null()),
  /** Throws refused {what: timeZone} for a zone that is none. */
  'alerts.saveMaintenance': call(
    z.object({ maintenanceId: MaintenanceId.nullable(), draft: MaintenanceDraft }),
    z.object({ maintenanceId: MaintenanceId })
  ),
  'alerts.removeMaintenance': call(z.object({ maintenanceId: MaintenanceId }), z.null())
}
