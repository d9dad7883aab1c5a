/** "Test": one request without samples (or one question), and which of its stages failed, why. Nothing is saved. */
import type { EngineTarget, EngineTestResult, EngineTestStep, ReadingSettings } from '#contract/engines.ts'
import { AppError } from '#contract/errors.ts'
import { measurementOf } from '../../domain/engines/naming.ts'
import type { Clock } from '../clock.ts'
import { errorInfoOf } from '../error-info.ts'
import type { Log } from '../platform/platform.ts'
import type { Secret } from '../servers/connection.ts'
import type { EngineHttp } from './http.ts'
import { askPrometheus, jsonOf } from './outside-reader.ts'
import { answerError, outcomeOf, probeRequest } from './wire.ts'

export interface EngineTestDeps {
  readonly http: EngineHttp
  readonly clock: Clock
  readonly log: Log
}

type Stage = EngineTestStep['step']

const TEST_DEADLINE_MS = 7_000
const MAX_ANSWER_BYTES = 64 * 1_024
/** How far back samples of this console count as "there are some". */
const SEEN_WITHIN = '7d'

/** Rejects only when it was cancelled. */
export function testTarget(
  deps: EngineTestDeps,
  target: EngineTarget,
  secret: Secret | null,
  signal: AbortSignal
): Promise<EngineTestResult> {
  return staged(deps, target.url, [], signal, async (onStage) => {
    const answer = await deps.http.request({
      ...probeRequest(target, secret),
      method: 'POST',
      deadlineMs: TEST_DEADLINE_MS,
      maxAnswerBytes: MAX_ANSWER_BYTES,
      signal,
      onStage
    })
    const outcome = outcomeOf(target, answer, deps.clock.nowMs())
    if (outcome.kind !== 'taken') throw outcome.error
    return null
  })
}

/** As `testTarget`; that no sample of this console is there yet is a warning. */
export function testReading(
  deps: EngineTestDeps,
  settings: ReadingSettings,
  secret: Secret | null,
  signal: AbortSignal
): Promise<EngineTestResult> {
  return staged(deps, settings.url, ['data'], signal, async (onStage) => {
    const more = { signal, deadlineMs: TEST_DEADLINE_MS, onStage }
    const query = `count(last_over_time(${measurementOf('server')}_uptime_seconds[${SEEN_WITHIN}]))`
    const answer = await askPrometheus(deps.http, settings, secret, 'query', { query }, more)
    const body = jsonOf(answer) as { status?: unknown; data?: { result?: unknown } } | null | undefined
    const result = body?.status === 'success' ? body.data?.result : undefined
    if (!Array.isArray(result)) throw answerError('engineNotThisKind', settings.url, answer)
    return result.length > 0
      ? null
      : answerError('engineNoData', settings.url, { ...answer, body: new Uint8Array() })
  })
}

/** Runs the request and lays its outcome out as steps. `run` resolves with what is to be warned of in the last step. */
async function staged(
  { log }: EngineTestDeps,
  url: string,
  more: readonly Stage[],
  signal: AbortSignal,
  run: (onStage: (stage: Stage) => void) => Promise<AppError | null>
): Promise<EngineTestResult> {
  const order: readonly Stage[] = [
    'resolve',
    'connect',
    ...(url.startsWith('https:') ? ['tls' as const] : []),
    'answer'
  ]
  const passed = new Set<Stage>()
  let failure: AppError | null = null
  let warning: AppError | null = null
  try {
    warning = await run((stage) => passed.add(stage))
    for (const stage of [...order, ...more]) passed.add(stage)
  } catch (error) {
    if (signal.aborted) throw error
    failure = AppError.fromInfo(errorInfoOf(error, log, 'engine.testFailed'))
  }
  const failedAt = [...order, ...more].find((stage) => !passed.has(stage))
  const steps = [...order, ...more].map((step): EngineTestStep => {
    if (step === failedAt) return { step, state: 'failed', error: failure?.toInfo() ?? null }
    if (!passed.has(step)) return { step, state: 'skipped', error: null }
    const warned = warning !== null && step === more.at(-1)
    return { step, state: warned ? 'warned' : 'passed', error: warned ? (warning?.toInfo() ?? null) : null }
  })
  return { passed: failure === null, steps }
}
