/** What the window can ask about outside engines. Secrets go in; none comes out. */
import type { Handlers } from '#contract/define.ts'
import type { EnginesView } from '#contract/engines.ts'
import type { VirthelmContract } from '#contract/index.ts'
import { sleepUnlessAborted, type Clock } from '../clock.ts'
import type { EngineVault } from './engine-vault.ts'
import { READING, type OutsideEngines } from './outside-engines.ts'
import { testReading, testTarget, type EngineTestDeps } from './test-engine.ts'

/** An eye cannot follow more, and counts change with every batch. */
const WATCH_INTERVAL_MS = 500

type EngineHandlers = Pick<Handlers<VirthelmContract>, Extract<keyof VirthelmContract, `engines.${string}`>>

export function engineHandlers(
  deps: EngineTestDeps & { readonly engines: OutsideEngines; readonly vault: EngineVault }
): EngineHandlers {
  const { engines, vault, clock } = deps
  return {
    'engines.watch': (_input, { signal }) => watch(engines, clock, signal),
    'engines.save': async ({ engineId, settings, secret }) => ({
      engineId: await engines.save(engineId, settings, secret)
    }),
    'engines.remove': async ({ engineId }) => {
      await engines.remove(engineId)
      return null
    },
    'engines.retryNow': async ({ engineId }) => {
      engines.retryNow(engineId)
      return null
    },
    'engines.test': ({ engineId, target, secret }, { signal }) =>
      testTarget(deps, target, vault.given(engineId, target.url, secret), signal),
    'engines.saveReading': async ({ settings, secret }) => {
      await engines.saveReading(settings, secret)
      return null
    },
    'engines.testReading': ({ settings, secret }, { signal }) =>
      testReading(deps, settings, vault.given(READING, settings.url, secret), signal)
  }
}

async function* watch(
  engines: OutsideEngines,
  clock: Clock,
  signal: AbortSignal
): AsyncGenerator<EnginesView, void> {
  for await (const _changed of engines.changes(signal)) {
    yield engines.view()
    await sleepUnlessAborted(clock, WATCH_INTERVAL_MS, signal)
  }
}
