/** What the window can ask about rules: to see, write, remove and try them. */
import type { alertRulesContract, BacktestAnswer } from '#contract/alert-rules.ts'
import type { Handlers } from '#contract/define.ts'
import { createTopic } from '../streams.ts'
import type { Alerts } from './alerts.ts'
import { runBacktest, type BacktestDeps, type BacktestQuestion } from './backtest-run.ts'

type BacktestEvent =
  | { readonly kind: 'progress'; readonly done: number; readonly total: number }
  | { readonly kind: 'done'; readonly answer: BacktestAnswer }

export function alertRuleHandlers(
  alerts: Alerts,
  backtestDeps: BacktestDeps
): Handlers<typeof alertRulesContract> {
  const { rules } = alerts
  return {
    'alertRules.watch': (_input, { signal }) => rules.watch(signal),
    'alertRules.save': async ({ ruleId, draft }) => ({ ruleId: await rules.save(ruleId, draft) }),
    'alertRules.remove': async ({ ruleId }) => {
      await alerts.removeRule(ruleId)
      return null
    },
    'alertRules.restorePresets': async ({ ruleId }) => {
      await rules.restorePresets(ruleId)
      return null
    },
    'alertRules.backtest': (question, { signal }) => followBacktest(backtestDeps, question, signal)
  }
}

/** Progress, then the answer. Whoever leaves ends it. */
async function* followBacktest(
  deps: BacktestDeps,
  question: BacktestQuestion,
  signal: AbortSignal
): AsyncGenerator<BacktestEvent, void> {
  const left = new AbortController()
  const either = AbortSignal.any([signal, left.signal])
  const events = createTopic<BacktestEvent | { readonly kind: 'failed'; readonly error: unknown }>()
  const news = events.latest(signal)
  const onProgress = (done: number, total: number): void => events.publish({ kind: 'progress', done, total })
  const running = runBacktest(deps, question, { signal: either, onProgress }).then(
    (answer) => events.publish({ kind: 'done', answer }),
    (error: unknown) => events.publish({ kind: 'failed', error })
  )
  try {
    for await (const event of news) {
      if (event.kind === 'failed') throw event.error
      yield event
      if (event.kind === 'done') return
    }
  } finally {
    left.abort()
    await running
  }
}
