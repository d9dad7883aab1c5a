/** Outside engines of the engine in memory: a list that can be edited, with every state in it when asked for. */
import type { Handlers } from '#contract/define.ts'
import { AppError } from '#contract/errors.ts'
import type {
  EngineSettings,
  EngineState,
  EngineStatus,
  EnginesView,
  EngineTestResult,
  EngineTestStep,
  EngineView
} from '#contract/engines.ts'
import type { EngineId } from '#contract/ids.ts'
import type { VirthelmContract } from '#contract/index.ts'
import { createTopic } from '../../src-main/application/streams.ts'

type EngineHandlers = Pick<Handlers<VirthelmContract>, Extract<keyof VirthelmContract, `engines.${string}`>>

const idOf = (number: number): EngineId =>
  `00000000-0000-4000-9000-${String(number).padStart(12, '0')}` as EngineId

const refusedError = new AppError('connectionRefused', {
  params: { host: 'metrics.lan', port: 8428, service: 'engine' },
  retryable: true
}).toInfo()

const statusOf = (state: EngineState, more: Partial<EngineStatus> = {}): EngineStatus => ({
  state,
  queuedSamples: 0,
  queuedBytes: 0,
  sentSamples: 0,
  droppedSamples: 0,
  refusedSamples: 0,
  lastSuccessAtMs: null,
  lastErrorAtMs: null,
  error: null,
  retryAtMs: null,
  ...more
})

const influx = (name: string, enabled = true): EngineSettings => ({
  name,
  enabled,
  target: { kind: 'influx1', url: 'http://127.0.0.1:8086', database: 'virthelm', user: 'writer' },
  queueLimitBytes: 256 * 1024 ** 2
})
const remote = (name: string): EngineSettings => ({
  name,
  enabled: true,
  target: { kind: 'remoteWrite', url: 'http://metrics.lan:8428/api/v1/write', login: { kind: 'bearer' } },
  queueLimitBytes: 1024 ** 3
})

/** One engine in each of the states that matter. */
export function troubledEngines(nowMs: number): EnginesView {
  const failing = { error: refusedError, lastErrorAtMs: nowMs - 4_000, retryAtMs: nowMs + 26_000 }
  const engines: EngineView[] = [
    {
      engineId: idOf(1),
      settings: influx('Influx in the cellar'),
      secret: 'kept',
      status: statusOf('sending', { sentSamples: 1_284_220, lastSuccessAtMs: nowMs - 1_200 })
    },
    {
      engineId: idOf(2),
      settings: remote('VictoriaMetrics'),
      secret: 'kept',
      status: statusOf('waiting', {
        ...failing,
        queuedSamples: 2_411_000,
        queuedBytes: 13_002_342,
        lastSuccessAtMs: nowMs - 5_400_000
      })
    },
    {
      engineId: idOf(3),
      settings: {
        ...remote('Prometheus of the office, which nobody has looked at'),
        queueLimitBytes: 16 * 1024 ** 2
      },
      secret: 'memory',
      status: statusOf('dropping', {
        ...failing,
        queuedSamples: 3_100_000,
        queuedBytes: 16_567_501,
        droppedSamples: 48_200
      })
    },
    {
      engineId: idOf(4),
      settings: influx('Influx of the lab'),
      secret: 'missing',
      status: statusOf('refused', {
        error: new AppError('engineStoreMissing', {
          params: { host: '127.0.0.1', port: 8086, name: 'virthelm', text: 'database not found: "virthelm"' }
        }).toInfo(),
        queuedSamples: 5_200,
        queuedBytes: 31_000,
        retryAtMs: nowMs + 140_000
      })
    }
  ]
  return {
    engines,
    reading: {
      settings: {
        enabled: true,
        url: 'http://metrics.lan:8428',
        login: { kind: 'none' },
        fromAgeMs: 7 * 86_400_000
      },
      secret: 'none',
      error: refusedError,
      lastSuccessAtMs: nowMs - 5_400_000
    }
  }
}

/** `first`: what is there at the start. A test of an address with `down` in it fails at its connection. */
export function fakeEngineHandlers(first: EnginesView | null): EngineHandlers {
  let view: EnginesView = first ?? {
    engines: [],
    reading: { settings: null, secret: 'none', error: null, lastSuccessAtMs: null }
  }
  const topic = createTopic<EnginesView>(view)
  const show = (next: EnginesView): void => {
    view = next
    topic.publish(view)
  }
  const tested = (url: string): EngineTestResult => {
    const down = url.includes('down')
    const steps: EngineTestStep[] = [
      { step: 'resolve', state: 'passed', error: null },
      { step: 'connect', state: down ? 'failed' : 'passed', error: down ? refusedError : null },
      { step: 'answer', state: down ? 'skipped' : 'passed', error: null }
    ]
    return { passed: !down, steps }
  }
  return {
    'engines.watch': (_input, { signal }) => topic.latest(signal),
    'engines.save': async ({ engineId, settings, secret }) => {
      const taken = view.engines.some(
        (engine) => engine.engineId !== engineId && engine.settings.name === settings.name
      )
      if (taken) throw new AppError('conflict', { params: { what: 'engineName', name: settings.name } })
      const id = engineId ?? idOf(view.engines.length + 10)
      const before = view.engines.find((engine) => engine.engineId === id)
      const saved: EngineView = {
        engineId: id,
        settings,
        secret: secret !== null ? 'kept' : (before?.secret ?? 'none'),
        status: statusOf(settings.enabled ? 'starting' : 'off')
      }
      const engines = before
        ? view.engines.map((engine) => (engine.engineId === id ? saved : engine))
        : [...view.engines, saved]
      show({ ...view, engines })
      return { engineId: id }
    },
    'engines.remove': async ({ engineId }) => {
      show({ ...view, engines: view.engines.filter((engine) => engine.engineId !== engineId) })
      return null
    },
    'engines.retryNow': async () => null,
    'engines.test': async ({ target }) => tested(target.url),
    'engines.saveReading': async ({ settings }) => {
      show({ ...view, reading: { settings, secret: 'none', error: null, lastSuccessAtMs: null } })
      return null
    },
    'engines.testReading': async ({ settings }) => tested(settings.url)
  }
}
