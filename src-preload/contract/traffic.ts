/**
 * Web traffic of a server, from the access logs of its proxy or web servers: totals by day, domain, client and status, and the
 * newest requests. Nothing is installed on the server: its logs are read on from where the last reading ended.
 */
import { z } from 'zod'
import { call, stream, task } from './define.ts'
import { ServerId } from './ids.ts'
import { AbsolutePath } from './storage.ts'
import { AtMs, RemoteText } from './units.ts'
import { CapabilityCause, LogFormat, LogSpec, TrafficTotal } from './vocabulary.ts'

export { LogFormat, LogSpec, LogTiming, OTHER_KEY, OWN_DOMAIN, TrafficTotal } from './vocabulary.ts'

export const MAX_LOGS = 16

/** One access log, as the operator chose it. */
export const LogChoice = z.object({
  path: AbsolutePath.refine((path) => path.length > 1 && !path.endsWith('/')),
  /** `auto`: by its lines. */
  format: z.union([z.literal('auto'), LogFormat]).default('auto')
})
export type LogChoice = z.infer<typeof LogChoice>

export const TrafficOptions = z.object({
  logs: z
    .array(LogChoice)
    .max(MAX_LOGS)
    .refine((logs) => new Set(logs.map(({ path }) => path)).size === logs.length)
    .default([])
})
export type TrafficOptions = z.infer<typeof TrafficOptions>

/** What became of the requests before the console began to count. */
export const PastState = z.enum(['notCounted', 'partly', 'counted'])
export type PastState = z.infer<typeof PastState>

export const LogStatus = z.object({
  path: RemoteText,
  /** `waiting`: not looked at in this run. `denied`, `missing`: see `cause`. `unknown`: no line was understood. */
  state: z.enum(['waiting', 'reading', 'unknown', 'failed']),
  cause: CapabilityCause.nullable(),
  /** One line to copy that gives access. */
  fix: z.string().max(512).nullable(),
  /** What its lines are; null until one was seen. */
  detected: LogSpec.nullable(),
  /** Not read yet; what is in compressed files counts as it lies there. */
  behindBytes: z.number().nonnegative(),
  readAtMs: AtMs.nullable(),
  /** Of the newest line. */
  newestAtMs: AtMs.nullable(),
  /** From where on it is counted; null = nothing was counted yet. */
  countedFromAtMs: AtMs.nullable(),
  past: PastState,
  /** When a part of the past was counted last in this run: totals have changed then. */
  pastReadAtMs: AtMs.nullable(),
  /** Since it is counted. Lines that are no request: too long, cut off, with control characters. */
  unreadableLines: z.int().nonnegative(),
  /** How often a part was gone from the server before it was read. */
  lostParts: z.int().nonnegative()
})
export type LogStatus = z.infer<typeof LogStatus>

export const MAX_NEWEST_REQUESTS = 200

export const WebRequest = z.object({
  /** Counts up: tells rows apart. */
  number: z.int(),
  atMs: AtMs,
  path: RemoteText,
  client: RemoteText,
  method: RemoteText,
  /** null = the line names none. */
  domain: RemoteText.nullable(),
  /** Squid's word: TCP_MISS, TCP_TUNNEL, … null = no proxy's log. */
  result: RemoteText.nullable(),
  /** null = the request ended before there was one. */
  status: z.int().nullable(),
  /** null = the log does not say. */
  responseMs: z.number().nullable(),
  bytes: z.number()
})
export type WebRequest = z.infer<typeof WebRequest>

export const TrafficView = z.object({
  logs: z.array(LogStatus).max(MAX_LOGS),
  /** Newest first. */
  newest: z.array(WebRequest).max(MAX_NEWEST_REQUESTS)
})
export type TrafficView = z.infer<typeof TrafficView>

/** By what totals are made. `status`: exact code; `result`: Squid's word; `hour`: of the day, 00 to 23. */
export const TrafficBy = z.enum(['day', 'domain', 'client', 'status', 'result', 'hour', 'server'])
export type TrafficBy = z.infer<typeof TrafficBy>

/** `2026-11-28`. Of web servers' logs the log's own date, of Squid's the operator's. */
export const DayText = z.string().regex(/^\d{4}-\d{2}-\d{2}$/)

export const TrafficQuery = z.object({
  serverIds: z.array(ServerId).min(1).max(2_047),
  /** null = all logs of these servers, those that are no longer read too. */
  paths: z.array(RemoteText).min(1).max(MAX_LOGS).nullable(),
  /** Both inclusive. */
  fromDay: DayText,
  toDay: DayText,
  by: TrafficBy,
  /** Those with the most visits; days, hours and servers in their own order. */
  limit: z.int().min(1).max(10_000)
})
export type TrafficQuery = z.infer<typeof TrafficQuery>

export const TrafficAnswer = z.object({
  rows: z.array(TrafficTotal),
  /** Of all, whether or not they are among the rows. */
  total: TrafficTotal,
  /** Different ones there are beyond the rows. */
  more: z.int().nonnegative()
})
export type TrafficAnswer = z.infer<typeof TrafficAnswer>

/** A log that lies where logs lie, and what its first lines look like. */
export const LogSuggestion = z.object({
  path: RemoteText,
  sizeBytes: z.number(),
  /** null = not readable, empty, or none of the known formats. */
  detected: LogSpec.nullable(),
  readable: z.boolean(),
  fix: z.string().max(512).nullable()
})
export type LogSuggestion = z.infer<typeof LogSuggestion>

export const PastProgress = z.object({
  doneRatio: z.number(),
  lines: z.int(),
  /** Of the newest line that was counted. */
  atMs: AtMs.nullable()
})
export type PastProgress = z.infer<typeof PastProgress>

export const trafficContract = {
  'traffic.watch': stream(z.object({ serverId: ServerId }), TrafficView, 'latest'),
  'traffic.options': call(z.object({ serverId: ServerId }), TrafficOptions),
  /** A log that is new is counted from now on; one that was read before goes on where it stopped. */
  'traffic.setOptions': call(z.object({ serverId: ServerId, options: TrafficOptions }), z.null()),
  'traffic.suggestions': call(
    z.object({ serverId: ServerId, paths: z.array(LogChoice.shape.path).max(MAX_LOGS) }),
    z.object({ logs: z.array(LogSuggestion).max(200) })
  ),
  'traffic.totals': call(TrafficQuery, TrafficAnswer),
  /**
   * Counts what the log and its rotated files hold from before the console began, back to so many days. What was counted
   * stays when it is cancelled; asked again, it goes on there.
   */
  'traffic.countPast': task(
    z.object({ serverId: ServerId, path: LogChoice.shape.path, days: z.int().min(1).max(3_650) }),
    PastProgress,
    z.object({ lines: z.int(), skipped: z.int() })
  )
}
