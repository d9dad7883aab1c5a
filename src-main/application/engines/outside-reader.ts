/**
 * Draws what lies further back from a Prometheus-compatible query API. The console's own file is read first: it has the
 * gaps, fills what the engine does not have, and stands in when the engine does not answer.
 */
import type { ReadingSettings, ReadingView } from '#contract/engines.ts'
import type { ErrorInfo } from '#contract/errors.ts'
import type { HistoryAnswer, HistoryQuery, SeriesRef } from '#contract/history.ts'
import {
  promColumns,
  promQuery,
  promTimes,
  type PromColumns,
  type PromSelection
} from '../../domain/engines/prom-query.ts'
import { assembled, bucketsFor, type ColumnOf } from './outside-answer.ts'
import type { Clock } from '../clock.ts'
import { errorInfoOf } from '../error-info.ts'
import type { Log } from '../platform/platform.ts'
import type { Secret } from '../servers/connection.ts'
import type { HistoryStore } from '../storage.ts'
import type { EngineAnswer, EngineHttp } from './http.ts'
import { answerError, below, loginHeaders } from './wire.ts'

export interface ReaderDeps {
  readonly http: EngineHttp
  readonly clock: Clock
  readonly log: Log
  readonly onChange: () => void
}

/** For all questions of one chart page together: an operator who looks waits no longer. */
const READ_DEADLINE_MS = 8_000
/** After a failure the own file answers at once for this long: nobody waits for a dead engine twice. */
const REST_AFTER_FAILURE_MS = 30_000
const MAX_ANSWER_BYTES = 8 * 1024 * 1024
const AT_ONCE = 6
/** Of one question; an answer then stays well below its cap. */
const MAX_KEYS = 16

export class OutsideReader {
  readonly #deps: ReaderDeps
  #settings: ReadingSettings | null = null
  #secret: Secret | null = null
  #error: ErrorInfo | null = null
  #failedAtMs: number | null = null
  #lastSuccessAtMs: number | null = null

  constructor(deps: ReaderDeps) {
    this.#deps = deps
  }

  /** null = the console's own file answers everything. */
  change(settings: ReadingSettings | null, secret: Secret | null): void {
    this.#settings = settings
    this.#secret = secret
    this.#error = null
    this.#failedAtMs = null
    this.#lastSuccessAtMs = null
  }

  status(): Pick<ReadingView, 'error' | 'lastSuccessAtMs'> {
    return { error: this.#error, lastSuccessAtMs: this.#lastSuccessAtMs }
  }

  /** `HistoryStore.read` with the engine before it, where one is set up and the range begins long enough ago. */
  over(own: Pick<HistoryStore, 'read'>): HistoryStore['read'] {
    return async (query, signal) => {
      const answer = await own.read(query, signal)
      const settings = this.#settings
      if (settings === null || !this.#reachesFor(settings, query)) return answer
      if (this.#isResting()) return { ...answer, answeredBy: 'fileInstead' }
      try {
        const outside = await this.#ask(settings, query, answer, signal)
        this.#succeeded()
        return outside
      } catch (error) {
        if (signal.aborted) throw error
        this.#failed(error)
        return { ...answer, answeredBy: 'fileInstead' }
      }
    }
  }

  #reachesFor(settings: ReadingSettings, query: HistoryQuery): boolean {
    return settings.enabled && this.#deps.clock.nowMs() - query.fromAtMs >= settings.fromAgeMs
  }

  #isResting(): boolean {
    return (
      this.#failedAtMs !== null && this.#deps.clock.monotonicMs() - this.#failedAtMs < REST_AFTER_FAILURE_MS
    )
  }

  #succeeded(): void {
    this.#error = null
    this.#failedAtMs = null
    this.#lastSuccessAtMs = this.#deps.clock.nowMs()
    this.#deps.onChange()
  }

  #failed(error: unknown): void {
    this.#error = errorInfoOf(error, this.#deps.log, 'engine.readFailed')
    this.#failedAtMs = this.#deps.clock.monotonicMs()
    this.#deps.log.warn('engine.notRead', { code: this.#error.code })
    this.#deps.onChange()
  }

  async #ask(
    settings: ReadingSettings,
    query: HistoryQuery,
    own: HistoryAnswer,
    signal: AbortSignal
  ): Promise<HistoryAnswer> {
    const buckets = bucketsFor(query, own.bucketMs)
    const untilMs = this.#deps.clock.monotonicMs() + READ_DEADLINE_MS
    const found = new Map<string, PromColumns>()
    const giveUp = new AbortController()
    const either = AbortSignal.any([signal, giveUp.signal])
    const waiting = selectionsOf(query.series)
    const work = async (): Promise<void> => {
      for (let selection = waiting.shift(); selection !== undefined; selection = waiting.shift()) {
        const deadlineMs = Math.max(1, untilMs - this.#deps.clock.monotonicMs())
        const columns = await this.#askOne(settings, selection, buckets, { signal: either, deadlineMs })
        for (const [key, column] of columns) found.set(columnId(selection, key), column)
      }
    }
    try {
      await Promise.all(Array.from({ length: AT_ONCE }, work))
    } finally {
      giveUp.abort()
    }
    const columnOf: ColumnOf = (entity, metric) => found.get(columnId({ ...entity, metric }, entity.key))
    return assembled(query, own, buckets, columnOf)
  }

  async #askOne(
    settings: ReadingSettings,
    selection: PromSelection,
    buckets: ReturnType<typeof bucketsFor>,
    limits: { readonly signal: AbortSignal; readonly deadlineMs: number }
  ): Promise<Map<string, PromColumns>> {
    const expression = promQuery(selection, buckets.bucketMs)
    if (expression === undefined) return new Map()
    // VictoriaMetrics would move the points to times of its own for its cache; others do not know the word.
    const form = { query: expression, ...promTimes(buckets), nocache: '1' }
    const answer = await askPrometheus(this.#deps.http, settings, this.#secret, 'query_range', form, limits)
    const columns = promColumns(jsonOf(answer), selection, buckets)
    if (columns === undefined) throw answerError('engineNotThisKind', settings.url, answer)
    return columns
  }
}

/** One question to the API. Throws what EngineHttp throws, and engineLoginRefused, engineBusy, engineRefused, engineNotThisKind. */
export async function askPrometheus(
  http: EngineHttp,
  settings: Pick<ReadingSettings, 'url' | 'login'>,
  secret: Secret | null,
  what: 'query' | 'query_range',
  form: Record<string, string>,
  more: Pick<Parameters<EngineHttp['request']>[0], 'signal' | 'deadlineMs' | 'onStage'>
): Promise<EngineAnswer> {
  const answer = await http.request({
    ...more,
    method: 'POST',
    url: below(settings.url, `api/v1/${what}`),
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...loginHeaders(settings.login, secret) },
    body: Buffer.from(new URLSearchParams(form).toString()),
    maxAnswerBytes: MAX_ANSWER_BYTES
  })
  const { status } = answer
  if (status === 200) return answer
  if (status === 401 || status === 403) throw answerError('engineLoginRefused', settings.url, answer)
  if (status === 408 || status === 429 || status >= 500) throw answerError('engineBusy', settings.url, answer)
  if (status === 400 || status === 422) throw answerError('engineRefused', settings.url, answer)
  throw answerError('engineNotThisKind', settings.url, answer)
}

/** undefined when it is no JSON. */
export function jsonOf({ body }: EngineAnswer): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

const columnId = (of: { serverId: string; kind: string; metric: string }, key: string): string =>
  JSON.stringify([of.serverId, of.kind, of.metric, key])

/** One question for each metric of the entities of one server and kind. */
function selectionsOf(series: readonly SeriesRef[]): PromSelection[] {
  const keysOf = new Map<
    string,
    { serverId: string; kind: PromSelection['kind']; metric: string; keys: string[] }
  >()
  for (const { entity, metrics } of series) {
    for (const metric of metrics) {
      const id = JSON.stringify([entity.serverId, entity.kind, metric])
      const group = keysOf.get(id) ?? { serverId: entity.serverId, kind: entity.kind, metric, keys: [] }
      group.keys.push(entity.key)
      keysOf.set(id, group)
    }
  }
  return [...keysOf.values()].flatMap(({ keys, ...group }) =>
    Array.from({ length: Math.ceil(keys.length / MAX_KEYS) }, (_, part) => ({
      ...group,
      keys: keys.slice(part * MAX_KEYS, (part + 1) * MAX_KEYS)
    }))
  )
}
