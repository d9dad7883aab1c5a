/** The whole way of a tick through the alerts of the console: which rules look at it, and what they say. */
import { randomUUID } from 'node:crypto'
import type { AlertRule } from '../../src-preload/contract/alert-rules.ts'
import type { ServerId } from '../../src-preload/contract/ids.ts'
import { METRICS } from '../../src-preload/contract/metric-catalogue.ts'
import { ServerRecord } from '../../src-preload/contract/servers.ts'
import type { FleetSight, ServerSight } from '../../src-main/application/alerts/fleet-sight.ts'
import { MetricWatches } from '../../src-main/application/alerts/metric-watches.ts'
import { presetRule } from '../../src-main/domain/alerts/presets.ts'

export interface AlertPath {
  /** One tick of every server, with another value of each metric, and the look at who is silent or gone. */
  tick(atMs: number): void
  readonly looksAt: number
}

/** `foretold` of the rules have a forecast of an hour. Values go up and down below their thresholds. */
export function alertPath(servers: number, rules: number, foretold: number): AlertPath {
  const metrics = Object.keys(METRICS.server).slice(0, rules)
  const sights = new Map(
    Array.from({ length: servers }, (_, index) => sightOf(index)).map((one) => [one.record.id, one])
  )
  const fleet: FleetSight = {
    servers: () => [...sights.values()],
    server: (serverId) => sights.get(serverId) ?? null
  }
  const watches = new MetricWatches({
    fleet,
    defaultIntervalMs: () => 10_000,
    onTransitions: () => undefined,
    onForesight: () => undefined
  })
  watches.setRules(
    metrics.map((metric, index) => ruleOf(metric, index < foretold)),
    0
  )
  let turn = 0
  return {
    tick(atMs) {
      turn++
      for (const [serverId, sight] of sights) {
        const values: Record<string, number> = {}
        for (const [index, metric] of metrics.entries())
          values[metric] = 0.4 + 0.2 * Math.sin(turn / 7 + index)
        watches.takeTick({ serverId, atMs, entities: [{ kind: 'server', key: '', values }] }, undefined, atMs)
        watches.check(sight, { atMs, nowMs: atMs, canSee: true, running: new Set() })
      }
    },
    get looksAt() {
      return watches.size
    }
  }
}

function ruleOf(metric: string, isForetold: boolean): AlertRule {
  const cpu = presetRule('cpu', 0)
  return {
    ...cpu,
    id: randomUUID() as AlertRule['id'],
    watch: { kind: 'metric', entityKind: 'server', metric, pattern: '' },
    condition: { ...cpu.condition, forecastWithinMs: isForetold ? 3_600_000 : null }
  }
}

function sightOf(index: number): ServerSight {
  const record = ServerRecord.parse({
    id: randomUUID() as ServerId,
    name: `server ${index}`,
    addedAtMs: 0,
    connection: { host: `server${index}.example`, user: 'root' }
  })
  return {
    record,
    presence: 'ON',
    connection: { kind: 'online', sinceAtMs: 0 },
    isExpectedOff: false,
    machines: [],
    hasListed: true,
    machine: () => null
  }
}
