/**
 * What evaluating all rules costs in one tick: 100 servers with 20 rules each. `npm run bench -- alerts [--json]`.
 *
 * Three fleets: as it is by the console's own rules (four of twenty are foretold, a tenth of those values really rise), one in
 * which every rule is foretold over noise, and one in which every value rises towards its threshold. Every fleet has two hours
 * of past in memory; then ticks of 10 s are measured. Sampling itself is no part of it. The processor's time is given beside the
 * clock's: on a busy machine the clock measures the others too.
 */
import { parseArgs } from 'node:util'
import type { RuleCondition } from '../src-preload/contract/alert-rules.ts'
import { type AlertState, newAlertState } from '../src-main/domain/alerts/alert-state.ts'
import { evaluate, type EvaluationContext } from '../src-main/domain/alerts/evaluate.ts'
import { Foresight } from '../src-main/domain/alerts/foresight.ts'
import { alertPath } from './support/alert-path.ts'
import { seededRandom } from './support/labelled-series.ts'

const { values: options } = parseArgs({ options: { json: { type: 'boolean', default: false } } })
const SERVERS = 100
const RULES = 20
const TICK_MS = 10_000
const HOUR_MS = 3_600_000
const START_MS = 20_000 * 24 * HOUR_MS
const PAST_MS = 2 * HOUR_MS
const MEASURED_TICKS = 360
const WARM_TICKS = 60

interface Fleet {
  readonly name: string
  /** Of the rules, how many are foretold; and of the foretold values, how many rise. */
  readonly foretoldRatio: number
  readonly risingRatio: number
}

interface Evaluated {
  readonly state: AlertState
  readonly context: EvaluationContext
  readonly isRising: boolean
  readonly level: number
}

const CONDITION: RuleCondition = {
  direction: 'above',
  threshold: 0.8,
  recoverAt: 0.75,
  forMs: 300_000,
  recoverForMs: 120_000,
  minSamples: 2,
  forecastWithinMs: null,
  noDataForMs: null
}

function evaluatedOf({ foretoldRatio, risingRatio }: Fleet, random: () => number): Evaluated[] {
  return Array.from({ length: SERVERS * RULES }, (_unused, index) => {
    const isForetold = index % RULES < foretoldRatio * RULES
    const forecastWithinMs = isForetold ? HOUR_MS : null
    return {
      state: newAlertState(),
      context: {
        condition: { ...CONDITION, forecastWithinMs },
        level: 'RED',
        everyMs: TICK_MS,
        foresight: forecastWithinMs === null ? null : new Foresight(forecastWithinMs, `${index}`)
      },
      isRising: isForetold && random() < risingRatio,
      level: 0.2 + random() * 0.3
    }
  })
}

interface Measured {
  readonly medianMs: number
  readonly p95Ms: number
  readonly cpuMedianMs: number
  readonly cpuP95Ms: number
  /** Warnings at the end. */
  readonly foretold: number
}

const at = (sorted: readonly number[], share: number): number =>
  sorted[Math.floor(share * (sorted.length - 1))] ?? NaN

function measure(fleet: Fleet): Measured {
  const random = seededRandom(7)
  const all = evaluatedOf(fleet, random)
  // Rises that are beyond the threshold only after what is measured, so that they are asked about all the time.
  const valueOf = ({ level, isRising }: Evaluated, afterMs: number): number =>
    level + (random() - 0.5) * 0.05 + (isRising ? (0.8 - level) * ((PAST_MS + afterMs) / (3.5 * HOUR_MS)) : 0)
  for (const one of all)
    for (let atMs = -PAST_MS; atMs < 0; atMs += TICK_MS)
      one.context.foresight?.add(START_MS + atMs, valueOf(one, atMs))
  const ticksMs: number[] = []
  const ticksCpuMs: number[] = []
  for (let tick = 0; tick < WARM_TICKS + MEASURED_TICKS; tick++) {
    const atMs = START_MS + tick * TICK_MS
    const values = all.map((one) => valueOf(one, tick * TICK_MS))
    const [begin, cpuBegin] = [performance.now(), process.threadCpuUsage()]
    for (const [index, { state, context }] of all.entries())
      evaluate(state, { atMs, value: values[index] ?? null, isOnline: true }, context)
    const [ms, cpu] = [performance.now() - begin, process.threadCpuUsage(cpuBegin)]
    if (tick < WARM_TICKS) continue
    ticksMs.push(ms)
    ticksCpuMs.push((cpu.user + cpu.system) / 1_000)
  }
  ticksMs.sort((a, b) => a - b)
  ticksCpuMs.sort((a, b) => a - b)
  return {
    medianMs: at(ticksMs, 0.5),
    p95Ms: at(ticksMs, 0.95),
    cpuMedianMs: at(ticksCpuMs, 0.5),
    cpuP95Ms: at(ticksCpuMs, 0.95),
    foretold: all.filter(({ state }) => state.open?.cause === 'forecast').length
  }
}

const usual = measure({ name: 'usual', foretoldRatio: 0.2, risingRatio: 0.1 })
const noisy = measure({ name: 'all foretold, noise', foretoldRatio: 1, risingRatio: 0 })
const rising = measure({ name: 'all foretold, all rise', foretoldRatio: 1, risingRatio: 1 })
/** The same fleet by way of the application: the tick finds its rules, and who is silent is looked for. */
function measurePath(): { medianMs: number; p95Ms: number; cpuMedianMs: number; cpuP95Ms: number } {
  const path = alertPath(SERVERS, RULES, 4)
  const times: { ms: number; cpuMs: number }[] = []
  for (let tick = 0; tick < PAST_MS / TICK_MS + MEASURED_TICKS; tick++) {
    const [begin, cpuBegin] = [performance.now(), process.threadCpuUsage()]
    path.tick(START_MS + tick * TICK_MS)
    const [ms, cpu] = [performance.now() - begin, process.threadCpuUsage(cpuBegin)]
    if (tick >= PAST_MS / TICK_MS) times.push({ ms, cpuMs: (cpu.user + cpu.system) / 1_000 })
  }
  const [ms, cpuMs] = [times.map((one) => one.ms), times.map((one) => one.cpuMs)]
  for (const sorted of [ms, cpuMs]) sorted.sort((a, b) => a - b)
  return {
    medianMs: at(ms, 0.5),
    p95Ms: at(ms, 0.95),
    cpuMedianMs: at(cpuMs, 0.5),
    cpuP95Ms: at(cpuMs, 0.95)
  }
}

const path = measurePath()
console.table({
  'by way of the application': path,
  usual,
  'all foretold, noise': noisy,
  'all foretold, all rise': rising
})
const metrics = {
  evaluations: SERVERS * RULES,
  evaluationMsPerTick: usual.medianMs,
  evaluationMsPerTickP95: usual.p95Ms,
  evaluationCpuMsPerTick: usual.cpuMedianMs,
  evaluationCpuMsPerTickP95: usual.cpuP95Ms,
  noisyMsPerTick: noisy.medianMs,
  noisyMsPerTickP95: noisy.p95Ms,
  noisyCpuMsPerTick: noisy.cpuMedianMs,
  noisyCpuMsPerTickP95: noisy.cpuP95Ms,
  risingMsPerTick: rising.medianMs,
  risingMsPerTickP95: rising.p95Ms,
  risingCpuMsPerTick: rising.cpuMedianMs,
  risingCpuMsPerTickP95: rising.cpuP95Ms,
  risingForetold: rising.foretold,
  pathMsPerTick: path.medianMs,
  pathMsPerTickP95: path.p95Ms,
  pathCpuMsPerTick: path.cpuMedianMs,
  pathCpuMsPerTickP95: path.cpuP95Ms
}
if (options.json) console.log(JSON.stringify({ name: 'alerts', metrics }))
