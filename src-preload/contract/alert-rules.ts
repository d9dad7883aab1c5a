/** Rules of alerts: what is looked at, from when on it is told, and for which servers and VMs. */
import { z } from 'zod'
import { call, stream } from './define.ts'
import { EntityKindSchema, EntityRef } from './history.ts'
import { ChannelId, RuleId, ServerId, VmUuid } from './ids.ts'
import { Tag } from './servers.ts'
import { AtMs, DurationMs, RemoteText } from './units.ts'
import { AlertLevel } from './vocabulary.ts'

/**
 * Where something applies. From wide to narrow: fleet, location, tag, server, vm; the narrower wins. A VM is meant by its UUID
 * alone, so that it keeps what was said of it when it moves to another server.
 */
export const AlertScope = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('fleet') }),
  z.object({ kind: z.literal('location'), location: z.string().max(80) }),
  z.object({ kind: z.literal('tag'), tag: Tag }),
  z.object({ kind: z.literal('server'), serverId: ServerId }),
  z.object({ kind: z.literal('vm'), vmUuid: VmUuid })
])
export type AlertScope = z.infer<typeof AlertScope>

/** Names with `*` for any text and `?` for any character, compared without regard to case; '' or '*' = all. */
export const NamePattern = z.string().max(200)

/** What a rule looks at. One alert per thing that is looked at: per mount, per card, per process. */
export const RuleWatch = z.discriminatedUnion('kind', [
  /** A metric of the catalogue, of the entities whose key or label fits the pattern. */
  z.object({
    kind: z.literal('metric'),
    entityKind: EntityKindSchema,
    metric: z.string().max(64),
    pattern: NamePattern.default('')
  }),
  /**
   * Each process whose name or command line fits. CPU as a share of one CPU thread (may exceed 1), memory as a share of the
   * server's. The alert names the process. With the pattern '' the processes
   * of the server's own VMs are left out: they have rules of their own.
   */
  z.object({
    kind: z.literal('process'),
    measure: z.enum(['cpuUsedRatio', 'memoryUsedRatio']),
    pattern: NamePattern.default('')
  }),
  /** The server cannot be reached, and was not switched off from here. Threshold and recovery have no meaning. */
  z.object({ kind: z.literal('serverOff') }),
  /** A VM that runs by libvirt's words, but does not answer (its monitor hangs). */
  z.object({ kind: z.literal('vmNotResponding') }),
  /** A VM that should run (it ran before, and nobody asked for it to stop here) crashed or is off. */
  z.object({ kind: z.literal('vmOff') })
])
export type RuleWatch = z.infer<typeof RuleWatch>

/** The part of a rule that may be told otherwise for a narrower scope. Values are in the unit of the metric (ratio: 0 to 1). */
export const RuleCondition = z.object({
  direction: z.enum(['above', 'below']),
  threshold: z.number(),
  /** Hysteresis: recovered only once it is at or beyond this on the good side, for `recoverForMs`. */
  recoverAt: z.number(),
  /**
   * How long it must be beyond the threshold without a break. Between threshold and `recoverAt` the time stands still; back at
   * `recoverAt`, or after a gap, it begins anew.
   */
  forMs: DurationMs.max(7 * 86_400_000),
  recoverForMs: DurationMs.max(7 * 86_400_000),
  /** At least so many samples within `forMs`. */
  minSamples: z.int().min(1).max(10_000),
  /** Also AMBER, when the forecast passes the threshold within this time; null = no forecast. */
  forecastWithinMs: DurationMs.min(60_000)
    .max(30 * 86_400_000)
    .nullable(),
  /** Also when there was no value for so long while the server is online; null = silence is no news. */
  noDataForMs: DurationMs.min(30_000)
    .max(7 * 86_400_000)
    .nullable()
})
export type RuleCondition = z.infer<typeof RuleCondition>

/** What is different for one scope. `condition` holds only what differs. `enabled` false = the rule is off there. */
export const RuleOverride = z.object({
  scope: AlertScope,
  enabled: z.boolean().default(true),
  condition: RuleCondition.partial().default({})
})
export type RuleOverride = z.infer<typeof RuleOverride>

export const RuleTelling = z.object({
  /** 'all' = every channel that is switched on. */
  channels: z.union([z.literal('all'), z.array(ChannelId).max(32)]),
  /** Told again while it lasts and nobody has acknowledged it; null = once. */
  againEveryMs: DurationMs.min(300_000).nullable(),
  /** Whether its recovery is told too. */
  recovery: z.boolean()
})
export type RuleTelling = z.infer<typeof RuleTelling>

export const RuleDraft = z.object({
  /** Words of the operator. null = a rule that came with the console and is named by the locale (`alerts.presets.<preset>`). */
  name: z.string().trim().min(1).max(120).nullable(),
  enabled: z.boolean().default(true),
  watch: RuleWatch,
  /** The level of a value beyond the threshold. A forecast is always AMBER. */
  level: AlertLevel.default('RED'),
  /** Applies where one of them fits. */
  scopes: z.array(AlertScope).min(1).max(64),
  condition: RuleCondition,
  overrides: z.array(RuleOverride).max(500).default([]),
  telling: RuleTelling
})
export type RuleDraft = z.infer<typeof RuleDraft>

export const AlertRule = RuleDraft.extend({
  id: RuleId,
  /** Which of the console's own rules it is; null = made by the operator. */
  preset: z.string().max(40).nullable(),
  changedAtMs: AtMs
})
export type AlertRule = z.infer<typeof AlertRule>

export const MAX_RULES = 500

/** One alert that would have been, on stored history. */
export const BacktestRaise = z.object({
  entity: EntityRef,
  label: RemoteText,
  level: AlertLevel,
  /** What made it so: beyond the threshold, foretold, or without values. */
  cause: z.enum(['threshold', 'forecast', 'noData']),
  raisedAtMs: AtMs,
  /** When a foretold one became true; null = it did not within the range. */
  redAtMs: AtMs.nullable(),
  recoveredAtMs: AtMs.nullable()
})
export type BacktestRaise = z.infer<typeof BacktestRaise>

export const Backtest = z.object({
  fromAtMs: AtMs,
  toAtMs: AtMs,
  /** Entities looked at, and those that had values. */
  entities: z.int(),
  withValues: z.int(),
  raises: z.array(BacktestRaise).max(2_000),
  /** More than are told. */
  leftOut: z.int(),
  /** Of the foretold: how many came true, and the median time by which they were told before; null = none. */
  forecastsRight: z.int(),
  forecastsWrong: z.int(),
  medianLeadMs: DurationMs.nullable(),
  /** The entity with the most raises (or the highest values), to be drawn. */
  shown: z
    .object({
      entity: EntityRef,
      label: RemoteText,
      atMs: z.array(AtMs).max(2_000),
      values: z.array(z.number().nullable()).max(2_000)
    })
    .nullable()
})
export type Backtest = z.infer<typeof Backtest>

/** Why a rule cannot be tried on history: nothing is kept of what it looks at. */
export const BacktestAnswer = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('tested'), backtest: Backtest }),
  z.object({ kind: z.literal('notKept'), watch: RuleWatch })
])
export type BacktestAnswer = z.infer<typeof BacktestAnswer>

export const alertRulesContract = {
  'alertRules.watch': stream(z.object({}), z.object({ rules: z.array(AlertRule).max(MAX_RULES) }), 'latest'),
  /** A new rule without `ruleId`. Throws refused {what: ruleCondition} for one that cannot be, notFound, conflict (too many). */
  'alertRules.save': call(
    z.object({ ruleId: RuleId.nullable(), draft: RuleDraft }),
    z.object({ ruleId: RuleId })
  ),
  'alertRules.remove': call(z.object({ ruleId: RuleId }), z.null()),
  /** Puts one of the console's own rules back to what it was; all of them without `ruleId`, also removed ones. */
  'alertRules.restorePresets': call(z.object({ ruleId: RuleId.nullable() }), z.null()),
  /** What a rule would have told between two times, by the very code that tells. Ends after `done`; cancelled by leaving it. */
  'alertRules.backtest': stream(
    z.object({ draft: RuleDraft, fromAtMs: AtMs, toAtMs: AtMs }),
    z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('progress'), done: z.int(), total: z.int() }),
      z.object({ kind: z.literal('done'), answer: BacktestAnswer })
    ]),
    'latest'
  )
}
