/**
 * Outside engines: time-series databases of the operator's own that also get the samples, and one that may answer for
 * long ranges. Off until the operator names one. Secrets go in only: no answer ever holds one.
 */
import { z } from 'zod'
import { call, stream } from './define.ts'
import { ErrorInfo } from './errors.ts'
import { EngineId } from './ids.ts'
import { AtMs, DurationMs } from './units.ts'

export const MAX_ENGINES = 4

/** http or https, no login and no fragment inside: a login is a secret and has its own place. */
export const EngineUrl = z
  .string()
  .max(2_048)
  .refine((text) => isEngineUrl(text))

/** The same without a URL class, which the contract does not have. Main parses it again before use. */
const isEngineUrl = (text: string): boolean => /^https?:\/\/[^\s/?#@\\]+(\/[^\s?#\\]*)?$/i.test(text)

const Name = z.string().trim().min(1).max(100)
const User = z.string().max(255)
/** Goes into headers: no control characters. */
const SecretLine = z
  .string()
  .max(4_096)
  .regex(/^[^\p{Cc}]*$/u)

/** How to log in at an engine: nothing, user and password, or a token (`Authorization: Bearer`). */
export const EngineLogin = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('none') }),
  z.object({ kind: z.literal('basic'), user: User.min(1) }),
  z.object({ kind: z.literal('bearer') })
])
export type EngineLogin = z.infer<typeof EngineLogin>

/**
 * Where samples go, and in which form.
 * influx1, influx2: line protocol below the address (`/write`, `/api/v2/write`); influx2 always logs in by its token.
 * remoteWrite: Prometheus remote write 1.0 to exactly the address.
 */
export const EngineTarget = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('influx1'), url: EngineUrl, database: Name, user: User }),
  z.object({ kind: z.literal('influx2'), url: EngineUrl, org: Name, bucket: Name }),
  z.object({ kind: z.literal('remoteWrite'), url: EngineUrl, login: EngineLogin })
])
export type EngineTarget = z.infer<typeof EngineTarget>

export const MIN_QUEUE_BYTES = 16 * 1024 ** 2
export const MAX_QUEUE_BYTES = 4 * 1024 ** 3

export const EngineSettings = z.object({
  name: Name,
  enabled: z.boolean(),
  target: EngineTarget,
  /** Room on this computer's disk for samples that could not be sent yet; of more, the oldest are dropped. */
  queueLimitBytes: z
    .int()
    .min(MIN_QUEUE_BYTES)
    .max(MAX_QUEUE_BYTES)
    .default(256 * 1024 ** 2)
})
export type EngineSettings = z.infer<typeof EngineSettings>

/**
 * off: not enabled · secretNeeded: its password or token has to be entered (again); samples are queued meanwhile ·
 * starting: nothing was sent yet · sending · waiting: it does not answer, tried again at `retryAtMs` · dropping: as
 * waiting, and the queue is full · refused: it answers, but refuses our login or our samples.
 */
export const EngineState = z.enum([
  'off',
  'secretNeeded',
  'starting',
  'sending',
  'waiting',
  'dropping',
  'refused'
])
export type EngineState = z.infer<typeof EngineState>

/** Counts are since the console started; a sample is one number of one metric at one time. */
export const EngineStatus = z.object({
  state: EngineState,
  queuedSamples: z.int(),
  queuedBytes: z.int(),
  sentSamples: z.int(),
  /** The queue was full: the oldest went. */
  droppedSamples: z.int(),
  /** The engine said that it does not want them. */
  refusedSamples: z.int(),
  lastSuccessAtMs: AtMs.nullable(),
  lastErrorAtMs: AtMs.nullable(),
  /** What the newest failure was; null after a success. */
  error: ErrorInfo.nullable(),
  retryAtMs: AtMs.nullable()
})
export type EngineStatus = z.infer<typeof EngineStatus>

export const EngineView = z.object({
  engineId: EngineId,
  settings: EngineSettings,
  /** none: it needs none · kept: also for the next start · memory: until the console ends · missing */
  secret: z.enum(['none', 'kept', 'memory', 'missing']),
  status: EngineStatus
})
export type EngineView = z.infer<typeof EngineView>

/** A Prometheus-compatible query API that draws what lies further back, instead of the console's own file. */
export const ReadingSettings = z.object({
  enabled: z.boolean(),
  /** The API's root: `/api/v1/query_range` is below it. */
  url: EngineUrl,
  login: EngineLogin,
  /** It is asked for ranges that begin longer ago than this. */
  fromAgeMs: DurationMs.min(3_600_000).max(3_650 * 86_400_000)
})
export type ReadingSettings = z.infer<typeof ReadingSettings>

export const ReadingView = z.object({
  /** null = none was named. */
  settings: ReadingSettings.nullable(),
  secret: z.enum(['none', 'kept', 'memory', 'missing']),
  /** Why the newest question was answered from the console's own file; null when it was not. */
  error: ErrorInfo.nullable(),
  lastSuccessAtMs: AtMs.nullable()
})
export type ReadingView = z.infer<typeof ReadingView>

export const EnginesView = z.object({ engines: z.array(EngineView), reading: ReadingView })
export type EnginesView = z.infer<typeof EnginesView>

/** What a test went through, in order. `data`: samples of this console are there (reading only). */
export const EngineTestStepId = z.enum(['resolve', 'connect', 'tls', 'answer', 'data'])
export type EngineTestStepId = z.infer<typeof EngineTestStepId>

export const EngineTestStep = z.object({
  step: EngineTestStepId,
  state: z.enum(['passed', 'warned', 'failed', 'skipped']),
  error: ErrorInfo.nullable()
})
export type EngineTestStep = z.infer<typeof EngineTestStep>

const TestResult = z.object({ passed: z.boolean(), steps: z.array(EngineTestStep) })
export type EngineTestResult = z.infer<typeof TestResult>

/**
 * A new password or token; null = the one that is held. A held one is good for the address it was given for only:
 * another scheme, host or port needs it again, so that it cannot be sent somewhere else by changing the address.
 */
const GivenSecret = SecretLine.min(1).nullable()

export const enginesContract = {
  'engines.watch': stream(z.object({}), EnginesView, 'latest'),
  /** `engineId` null = a new one. Throws conflict for a name that is taken (`what: engineName`) or one engine too many. */
  'engines.save': call(
    z.object({ engineId: EngineId.nullable(), settings: EngineSettings, secret: GivenSecret }),
    z.object({ engineId: EngineId })
  ),
  /** With what is queued for it. Nothing at the engine is touched. */
  'engines.remove': call(z.object({ engineId: EngineId }), z.null()),
  /** Ends the wait between two attempts. */
  'engines.retryNow': call(z.object({ engineId: EngineId }), z.null()),
  /** Sends a request without any sample. Resolves within 15 s, also when it fails. */
  'engines.test': call(
    z.object({ engineId: EngineId.nullable(), target: EngineTarget, secret: GivenSecret }),
    TestResult
  ),
  /** null = read from the console's own file only. */
  'engines.saveReading': call(
    z.object({ settings: ReadingSettings.nullable(), secret: GivenSecret }),
    z.null()
  ),
  'engines.testReading': call(z.object({ settings: ReadingSettings, secret: GivenSecret }), TestResult)
}
