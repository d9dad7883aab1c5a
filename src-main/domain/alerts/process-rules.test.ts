import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RuleWatch } from '#contract/alert-rules.ts'
import { condition, MINUTE_MS, START_MS } from '../../../test/fakes/alert-feed.ts'
import type { LiveProcess } from '../processes/process.ts'
import {
  endProcesses,
  evaluateProcesses,
  MOST_TRACKED,
  newProcessesState,
  type ProcessesState
} from './process-rules.ts'

type Watch = Extract<RuleWatch, { kind: 'process' }>
const EVERY_MS = 10_000

const process = (pid: number, cpuRatio: number | null, more: Partial<LiveProcess> = {}): LiveProcess =>
  ({
    pid,
    startTicks: 100,
    name: `worker-${pid}`,
    commandLine: `/usr/bin/worker --id ${pid}`,
    user: 'ada',
    cpuRatio,
    memoryRatio: 0.1,
    ...more
  }) as LiveProcess

class ProcessFeed {
  atMs = START_MS
  state: ProcessesState = newProcessesState()
  readonly told: string[] = []
  readonly #watch: Watch

  constructor(watch: Partial<Watch> = {}) {
    this.#watch = { kind: 'process', measure: 'cpuUsedRatio', pattern: '', ...watch }
  }

  read(processes: readonly LiveProcess[], times = 1, different: Parameters<typeof condition>[0] = {}): this {
    for (let time = 0; time < times; time++) {
      this.atMs += EVERY_MS
      const context = { condition: condition(different), level: 'RED' as const, everyMs: EVERY_MS }
      const transitions = evaluateProcesses(this.state, { atMs: this.atMs, processes }, this.#watch, context)
      for (const { process: of, transition } of transitions)
        this.told.push(
          `${of.name} ${transition.kind} ${transition.kind === 'recovered' ? transition.ended : transition.level}`
        )
    }
    return this
  }
}

describe('a rule of processes', () => {
  it('names each process that is beyond for its duration, and its recovery', () => {
    const feed = new ProcessFeed()
    feed.read([process(1, 0.99), process(2, 0.1), process(3, null)], 7)
    expect(feed.told).toEqual(['worker-1 raised RED'])
    expect(feed.state.tracked[0]?.process).toEqual({ pid: 1, startTicks: 100, name: 'worker-1', user: 'ada' })
    feed.read([process(1, 0.2), process(2, 0.1)], 7)
    expect(feed.told).toEqual(['worker-1 raised RED', 'worker-1 recovered recovered'])
    expect(feed.state.tracked).toEqual([])
  })

  it('ends with the process, also when another one got its number', () => {
    const feed = new ProcessFeed().read([process(1, 2), process(2, 2)], 7)
    feed.read([process(1, 2, { startTicks: 200 })])
    expect(feed.told.slice(2).toSorted()).toEqual([
      'worker-1 recovered targetGone',
      'worker-2 recovered targetGone'
    ])
    feed.read([process(1, 2, { startTicks: 200 })], 6)
    expect(feed.told.at(-1)).toBe('worker-1 raised RED')
  })

  it('goes on after a restart: told once, and its end is told', () => {
    const feed = new ProcessFeed().read([process(1, 2)], 7)
    feed.state = JSON.parse(JSON.stringify(feed.state)) as ProcessesState
    feed.atMs += 10 * MINUTE_MS
    feed.read([process(1, 2)], 10)
    expect(feed.told).toEqual(['worker-1 raised RED'])
    feed.read([])
    expect(feed.told).toEqual(['worker-1 raised RED', 'worker-1 recovered targetGone'])
  })

  it('looks at what fits by name or command line, and at memory', () => {
    const both = [process(1, 2), process(2, 2, { name: 'java', commandLine: null })]
    expect(new ProcessFeed({ pattern: 'JAVA' }).read(both, 7).told).toEqual(['java raised RED'])
    expect(new ProcessFeed({ pattern: '*--id 1' }).read(both, 7).told).toEqual(['worker-1 raised RED'])
    const large = [process(3, 0, { memoryRatio: 0.9 }), process(4, 2)]
    expect(new ProcessFeed({ measure: 'memoryUsedRatio' }).read(large, 7).told).toEqual([
      'worker-3 raised RED'
    ])
  })

  it('waits out a reading without a value', () => {
    const feed = new ProcessFeed()
      .read([process(1, 2)], 4)
      .read([process(1, null)])
      .read([process(1, 2)], 4)
    expect(feed.told).toEqual(['worker-1 raised RED'])
  })

  it('ends all of a rule that is changed', () => {
    const feed = new ProcessFeed().read([process(1, 2), process(2, 2)], 7)
    const ended = endProcesses(feed.state, feed.atMs, 'ruleChanged')
    expect(ended.map(({ transition }) => transition)).toMatchObject([
      { kind: 'recovered', ended: 'ruleChanged' },
      { kind: 'recovered', ended: 'ruleChanged' }
    ])
    expect(feed.state.tracked).toEqual([])
  })

  it('remembers few of thousands, those with an alert first, and never tells one twice', () => {
    const reading = fc.array(
      fc.record({ pid: fc.integer({ min: 1, max: 200 }), cpu: fc.double({ min: 0, max: 4, noNaN: true }) }),
      { minLength: 0, maxLength: 300 }
    )
    fc.assert(
      fc.property(fc.array(reading, { maxLength: 12 }), fc.boolean(), (readings, isAtOnce) => {
        const feed = new ProcessFeed()
        for (const one of readings) {
          const unique = new Map(one.map(({ pid, cpu }) => [pid, process(pid, cpu)]))
          feed.read([...unique.values()], 7, isAtOnce ? { forMs: 0, minSamples: 1 } : {})
          expect(feed.state.tracked.length).toBeLessThanOrEqual(MOST_TRACKED)
        }
        feed.read([])
        const open = new Set<string>()
        for (const [name = '', kind] of feed.told.map((words) => words.split(' '))) {
          expect(open.has(name)).toBe(kind === 'recovered')
          if (kind === 'recovered') open.delete(name)
          else open.add(name)
        }
        expect(open.size).toBe(0)
      }),
      { numRuns: 30 }
    )
  })
})
