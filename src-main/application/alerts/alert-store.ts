/** What of alerts outlives the console. Implemented by `storage/`; every promise resolves after the commit. */
import type { AlertRule, RuleTelling } from '#contract/alert-rules.ts'
import type { Alert, AlertHistoryQuery, Maintenance, Silence } from '#contract/alerts.ts'
import type { MaintenanceId, RuleId, SilenceId } from '#contract/ids.ts'
import type { AlertLevel } from '#contract/vocabulary.ts'

/** How far the operator was told. */
export interface Told {
  /** The level last told of; null = nobody was told (it was quiet). */
  readonly level: AlertLevel | null
  /** When that, or the last repetition, was told. */
  readonly atMs: number | null
  /** Its end is told, or there is nobody to tell it to. Nothing more will be told of it. */
  readonly ended: boolean
}

/** An alert with what the console needs to go on with it after a restart. */
export interface KeptAlert {
  readonly alert: Alert
  readonly telling: RuleTelling
  readonly told: Told
  /** What the evaluator calls the thing that is looked at. */
  readonly key: string
  /** The evaluator's own word of where it stands (JSON); null = none. */
  readonly state: string | null
}

/** Written in one transaction: all of it or nothing. */
export interface AlertChange {
  readonly alerts?: readonly KeptAlert[]
  readonly rules?: readonly AlertRule[]
  readonly removedRules?: readonly RuleId[]
  readonly silences?: readonly Silence[]
  readonly removedSilences?: readonly SilenceId[]
  readonly maintenances?: readonly Maintenance[]
  readonly removedMaintenances?: readonly MaintenanceId[]
  /** Small things by name (JSON); null forgets one. */
  readonly memory?: Readonly<Record<string, string | null>>
}

export interface AlertsKept {
  readonly rules: readonly AlertRule[]
  readonly silences: readonly Silence[]
  readonly maintenances: readonly Maintenance[]
  /** Those that last, and those whose end is still to be told. */
  readonly alerts: readonly KeptAlert[]
  readonly memory: Readonly<Record<string, string>>
}

export interface AlertStore {
  /** What cannot be read is left out, and reported to the log. */
  load(): Promise<AlertsKept>
  commit(change: AlertChange): Promise<void>
  history(query: AlertHistoryQuery): Promise<readonly Alert[]>
  /** Deletes what was over before this time, and of more than `most` the oldest; never one that lasts. */
  prune(endedBeforeMs: number, most: number): Promise<void>
}
