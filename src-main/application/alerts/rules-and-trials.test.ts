import { describe, expect, it } from 'vitest'
import type { BacktestAnswer, RuleDraft } from '#contract/alert-rules.ts'
import { AppError } from '#contract/errors.ts'
import type { ServerId } from '#contract/ids.ts'
import { ruleOf } from '../../../test/fakes/alerts.ts'
import { AlertsWorld, FakeAlertStore } from '../../../test/fakes/alerts-world.ts'
import { PRESET_NAMES, presetRule } from '../../domain/alerts/presets.ts'
import type { RowBatch } from '../storage.ts'
import { alertRuleHandlers } from './alert-rule-handlers.ts'
import type { BacktestDeps } from './backtest-run.ts'
import { RuleBook } from './rule-book.ts'

const never = new AbortController().signal
const MINUTE_MS = 60_000

const draftOf = (changes: Parameters<typeof ruleOf>[0] = {}): RuleDraft => {
  const { id: _id, preset: _preset, changedAtMs: _changedAtMs, ...draft } = ruleOf(changes)
  return draft
}

describe("the console's own rules", () => {
  async function bookOf(store: FakeAlertStore): Promise<RuleBook> {
    const book = new RuleBook({ store, nowMs: () => 7, onChanged: () => undefined })
    await book.load(await store.load())
    return book
  }

  it('are brought once; one that was removed stays removed until it is asked for', async () => {
    const store = new FakeAlertStore()
    const first = await bookOf(store)
    expect(first.all().map(({ preset }) => preset)).toEqual(PRESET_NAMES)
    const cpu = presetRule('cpu', 0)
    await first.remove(cpu.id)
    const second = await bookOf(store)
    expect(second.all()).toHaveLength(PRESET_NAMES.length - 1)
    await second.restorePresets(cpu.id)
    expect(second.all()).toContainEqual({ ...cpu, changedAtMs: 7 })
  })

  it('are put back to what they were, and keep their names of the locale', async () => {
    const book = await bookOf(new FakeAlertStore())
    const { id, ...cpu } = presetRule('cpu', 0)
    await book.save(id, { ...cpu, enabled: false })
    expect(book.all().find((rule) => rule.id === id)).toMatchObject({
      enabled: false,
      preset: 'cpu',
      name: null
    })
    await book.restorePresets(null)
    expect(book.all().find((rule) => rule.id === id)).toMatchObject({ enabled: true })
    await expect(book.restorePresets(ruleOf().id)).rejects.toMatchObject({ code: 'notFound' })
  })

  it('stand beside those of the operator: what cannot be is refused', async () => {
    const book = await bookOf(new FakeAlertStore())
    const id = await book.save(null, draftOf())
    expect(book.all().find((rule) => rule.id === id)).toMatchObject({ name: 'CPU', preset: null })
    const refused = { code: 'refused', params: { what: 'ruleCondition' } }
    await expect(book.save(null, draftOf({ condition: { recoverAt: 0.9 } }))).rejects.toMatchObject(refused)
    await expect(book.save(null, { ...draftOf(), name: null })).rejects.toMatchObject(refused)
    await expect(book.save(ruleOf().id, draftOf())).rejects.toMatchObject({ code: 'notFound' })
  })
})

describe('a rule that is tried on the stored history', () => {
  const FROM_MS = 1_700_000_000_000
  const SAMPLES = 1_000
  /** Every five seconds: idle, and 0.9 for five minutes twice. */
  const valueAt = (index: number): number =>
    (index > 100 && index <= 160) || (index > 500 && index <= 560) ? 0.9 : 0.1

  function depsOf(world: AlertsWorld, serverId: ServerId): BacktestDeps {
    const entity = { serverId, kind: 'server' as const, key: '' }
    async function* rows(): AsyncGenerator<RowBatch> {
      for (let begin = 0; begin < SAMPLES; begin += 100) {
        const indexes = Array.from({ length: 100 }, (_, index) => begin + index)
        yield {
          atMs: Float64Array.from(indexes, (index) => FROM_MS + index * 5_000),
          values: Float64Array.from(indexes, valueAt),
          width: 1
        }
      }
    }
    return {
      defaultIntervalMs: () => 5_000,
      history: {
        entities: async () => [
          { entity, label: '', firstAtMs: FROM_MS, lastAtMs: FROM_MS + SAMPLES * 5_000 }
        ],
        rows: () => rows(),
        read: async () => ({ level: 'raw', bucketMs: 1, atMs: [], series: [], gaps: [] })
      },
      fleet: {
        servers: () => world.sights(),
        server: (id) => world.sights().find(({ record }) => record.id === id) ?? null
      }
    }
  }
  const range = { fromAtMs: FROM_MS, toAtMs: FROM_MS + SAMPLES * 5_000 }

  it('says what it would have told, by progress and then the answer', async () => {
    const world = new AlertsWorld([])
    const deps = depsOf(world, world.add('alpha'))
    const handlers = alertRuleHandlers(world.alerts, deps)
    const answers: BacktestAnswer[] = []
    for await (const event of handlers['alertRules.backtest'](
      { draft: draftOf(), ...range },
      { signal: never }
    ))
      if (event.kind === 'done') answers.push(event.answer)
    expect(answers).toHaveLength(1)
    expect(answers[0]).toMatchObject({
      kind: 'tested',
      backtest: {
        entities: 1,
        withValues: 1,
        raises: [
          { level: 'RED', cause: 'threshold', label: 'alpha', raisedAtMs: FROM_MS + 101 * 5_000 + MINUTE_MS },
          { level: 'RED', cause: 'threshold', raisedAtMs: FROM_MS + 501 * 5_000 + MINUTE_MS }
        ]
      }
    })
  })

  it('leaves out servers that the rule is not for, and says when nothing is kept of what it looks at', async () => {
    const world = new AlertsWorld([])
    const handlers = alertRuleHandlers(world.alerts, depsOf(world, world.add('alpha')))
    const answerOf = async (draft: RuleDraft): Promise<BacktestAnswer | null> => {
      for await (const event of handlers['alertRules.backtest']({ draft, ...range }, { signal: never }))
        if (event.kind === 'done') return event.answer
      return null
    }
    const elsewhere = await answerOf(draftOf({ scopes: [{ kind: 'tag', tag: 'prod' }] }))
    expect(elsewhere).toMatchObject({ kind: 'tested', backtest: { entities: 0, raises: [] } })
    expect(await answerOf(draftOf({ watch: { kind: 'serverOff' } }))).toMatchObject({ kind: 'notKept' })
  })

  it('ends when whoever asked has left, and fails with the reason of the history', async () => {
    const world = new AlertsWorld([])
    const deps = depsOf(world, world.add('alpha'))
    let ended = false
    async function* endless(_query: unknown, signal: AbortSignal): AsyncGenerator<RowBatch> {
      try {
        while (!signal.aborted) {
          await new Promise((resolve) => setImmediate(resolve))
          yield { atMs: new Float64Array(0), values: new Float64Array(0), width: 1 }
        }
      } finally {
        ended = true
      }
    }
    const left = alertRuleHandlers(world.alerts, { ...deps, history: { ...deps.history, rows: endless } })
    for await (const _event of left['alertRules.backtest']({ draft: draftOf(), ...range }, { signal: never }))
      break
    expect(ended).toBe(true)
    const failing = { ...deps.history, entities: () => Promise.reject(new AppError('databaseDamaged')) }
    const broken = alertRuleHandlers(world.alerts, { ...deps, history: failing })
    await expect(async () => {
      for await (const _event of broken['alertRules.backtest'](
        { draft: draftOf(), ...range },
        { signal: never }
      ));
    }).rejects.toMatchObject({ code: 'databaseDamaged' })
  })
})
