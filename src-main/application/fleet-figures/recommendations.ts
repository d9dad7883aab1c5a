/** Which server is the best choice now: judged again while somebody looks, from the values of the last minutes. */
import type { Recommendation, Recommendations } from '#contract/fleet-figures.ts'
import type { LiveTick } from '#contract/history.ts'
import type { ServerId } from '#contract/ids.ts'
import type { ServerView } from '#contract/servers.ts'
import { freest } from '../../domain/recommendation/ranking.ts'
import { judge, type Condition, type Grades } from '../../domain/recommendation/recommendation.ts'
import { Smoothed } from '../../domain/recommendation/smoothed.ts'
import { sleepUnlessAborted, type Clock } from '../clock.ts'

/** What the alerts say of a server. */
export interface AlertLevels {
  /** Of its worst alert that is not quiet; null = it has none. */
  levelOf(serverId: ServerId): 'red' | 'amber' | null
  inMaintenance(serverId: ServerId): boolean
}

/** Where nothing watches: no server is thought worse of. */
export const NO_ALERTS: AlertLevels = { levelOf: () => null, inMaintenance: () => false }

export interface RecommendationDeps {
  readonly views: () => readonly ServerView[]
  readonly alerts: AlertLevels
  readonly clock: Clock
}

const EVERY_MS = 4_000
/** Of a server's own values: those that the judgement asks for, and no others. */
const METRICS = [
  'cpuUsedRatio',
  'memoryUsedRatio',
  'memoryTotalBytes',
  'diskUsedRatio',
  'swapUsedRatio',
  'pressureMemorySomeRatio',
  'pressureIoSomeRatio',
  'gpuMemoryFreeBytes',
  'gpuMemoryTotalBytes',
  'gpuUtilisationRatio'
] as const
/** Less than this makes no difference between two servers, nor is it worth telling. */
const STEP = { threads: 0.5, memoryBytes: 2 ** 28, gpuMemoryBytes: 2 ** 28, ratio: 0.01 }

interface Place {
  readonly values: Smoothed
  grades: Grades
}

export class BestServers {
  readonly #deps: RecommendationDeps
  readonly #places = new Map<ServerId, Place>()
  #newest: Recommendations | null = null

  constructor(deps: RecommendationDeps) {
    this.#deps = deps
  }

  takeTick({ serverId, atMs, entities }: LiveTick): void {
    const values = entities.find(({ kind }) => kind === 'server')?.values
    if (values === undefined) return
    const place = this.#place(serverId)
    for (const metric of METRICS) {
      const value = values[metric]
      if (value !== undefined) place.values.add(metric, value, atMs)
    }
  }

  forget(serverId: ServerId): void {
    this.#places.delete(serverId)
  }

  /** At once, and whenever it changes; every few seconds at most. Several windows share one judgement. */
  async *watch(signal: AbortSignal): AsyncGenerator<Recommendations, void> {
    let told = ''
    while (!signal.aborted) {
      const now = this.now()
      const { atMs: _atMs, ...said } = now
      const text = JSON.stringify(said)
      if (text !== told) yield now
      told = text
      await sleepUnlessAborted(this.#deps.clock, EVERY_MS, signal)
    }
  }

  now(): Recommendations {
    const nowMs = this.#deps.clock.nowMs()
    const newest = this.#newest
    // A clock that was set back makes what is "newer" old.
    if (newest !== null && nowMs >= newest.atMs && nowMs - newest.atMs < EVERY_MS / 2) return newest
    const views = this.#deps.views()
    const servers = views.map((view) => this.#judge(view, nowMs))
    const ranked = (step: number, freeOf: (one: Recommendation) => number | null): ServerId[] =>
      freest(
        servers.map((one, index) => ({
          id: one.serverId,
          name: views[index]?.record.name ?? '',
          level: one.level,
          free: freeOf(one)
        })),
        step
      )
    this.#newest = {
      atMs: nowMs,
      servers,
      byGpuMemory: ranked(STEP.gpuMemoryBytes, (one) => one.freeGpuMemoryBytes),
      byCpu: ranked(STEP.threads, (one) => one.freeCpuThreads),
      byMemory: ranked(STEP.memoryBytes, (one) => one.freeMemoryBytes)
    }
    return this.#newest
  }

  #judge(view: ServerView, nowMs: number): Recommendation {
    const { record, presence, connection, capabilities } = view
    const place = this.#place(record.id)
    const { level, reasons, grades, ...freed } = judge(
      {
        on: presence !== 'OFF' && connection.kind !== 'stopped' && view.expectedOff === null,
        condition: conditionOf(place.values, view, nowMs),
        alert: this.#deps.alerts.levelOf(record.id),
        inMaintenance: this.#deps.alerts.inMaintenance(record.id),
        lookOnly: record.lookOnly,
        hasLibvirt: capabilities.find(({ id }) => id === 'libvirt')?.works ?? null
      },
      place.grades
    )
    place.grades = grades
    return {
      serverId: record.id,
      level,
      reasons: reasons.map(({ code, value }) => ({ code, value: value === null ? null : roughly(value) })),
      freeCpuThreads: inSteps(freed.freeCpuThreads, STEP.threads),
      freeMemoryBytes: inSteps(freed.freeMemoryBytes, STEP.memoryBytes),
      freeGpuMemoryBytes: inSteps(freed.freeGpuMemoryBytes, STEP.gpuMemoryBytes)
    }
  }

  #place(serverId: ServerId): Place {
    let place = this.#places.get(serverId)
    if (place === undefined) {
      place = { values: new Smoothed(), grades: {} }
      this.#places.set(serverId, place)
    }
    return place
  }
}

function conditionOf(values: Smoothed, { now, facts }: ServerView, nowMs: number): Condition {
  const of = (metric: (typeof METRICS)[number]): number | null => values.get(metric, nowMs)
  return {
    cpuUsedRatio: of('cpuUsedRatio'),
    cpuThreads: now?.cpuThreads ?? facts?.cpuThreads ?? null,
    memoryUsedRatio: of('memoryUsedRatio'),
    memoryTotalBytes: of('memoryTotalBytes'),
    diskUsedRatio: of('diskUsedRatio'),
    swapUsedRatio: of('swapUsedRatio'),
    pressureMemoryRatio: of('pressureMemorySomeRatio'),
    pressureIoRatio: of('pressureIoSomeRatio'),
    gpuMemoryFreeBytes: of('gpuMemoryFreeBytes'),
    gpuMemoryTotalBytes: of('gpuMemoryTotalBytes'),
    gpuUtilisationRatio: of('gpuUtilisationRatio')
  }
}

const inSteps = (value: number | null, step: number): number | null =>
  value === null ? null : Math.round(value / step) * step

/** Ratios to a percent, threads to the half, bytes to a quarter of a GiB: what moves within that is no news. */
function roughly(value: number): number {
  if (value <= 1) return Math.round(value / STEP.ratio) * STEP.ratio
  return value < 100_000
    ? Math.round(value / STEP.threads) * STEP.threads
    : Math.round(value / STEP.memoryBytes) * STEP.memoryBytes
}
