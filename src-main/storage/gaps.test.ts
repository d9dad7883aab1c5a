import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ServerId } from '#contract/ids.ts'
import type { Storage, Tick } from '../application/storage.ts'
import { ref } from './test-naive.ts'
import { openAt } from './test-open.ts'
import { makeTemporaryFolder, never, newServerId, removeFolder, START_MS, tick } from './test-support.ts'

const HOUR_MS = 3_600_000

let folder: string
let storage: Storage

beforeEach(async () => {
  folder = makeTemporaryFolder()
  storage = await openAt(folder)
})

afterEach(async () => {
  await storage.close()
  removeFolder(folder)
})

describe('gaps', () => {
  const query = (serverId: ServerId) => ({
    series: [ref(serverId, 'load1')],
    fromAtMs: START_MS - HOUR_MS,
    toAtMs: START_MS + 24 * HOUR_MS,
    maxPoints: 100
  })
  const gapsOf = async (serverId: ServerId) =>
    (await storage.history.read(query(serverId), never)).gaps.map((gap) => [
      gap.fromAtMs - START_MS,
      gap.toAtMs === null ? null : gap.toAtMs - START_MS,
      gap.reason
    ])
  const at = (serverId: ServerId, afterMs: number) =>
    storage.history.append(
      tick(serverId, START_MS + afterMs, [{ kind: 'server', key: '', values: { load1: 1 } }])
    )

  it('open once, change their reason and close', async () => {
    const serverId = newServerId()
    await at(serverId, 0)
    await storage.history.beginGap(serverId, START_MS, 'linkLost')
    await storage.history.beginGap(serverId, START_MS + 9_000, 'linkLost')
    expect(await gapsOf(serverId)).toEqual([[0, null, 'linkLost']])
    await storage.history.beginGap(serverId, START_MS + 9_000, 'serverOff')
    await storage.history.endGap(serverId, START_MS + 60_000)
    await storage.history.endGap(serverId, START_MS + 70_000)
    expect(await gapsOf(serverId)).toEqual([[0, 60_000, 'serverOff']])
  })

  it('tell for how long the console was closed, and what was before and after it', async () => {
    const [quick, gone, off] = [newServerId(), newServerId(), newServerId()]
    for (const serverId of [quick, gone, off]) {
      await at(serverId, 0)
      await at(serverId, 5_000)
    }
    await storage.history.beginGap(off, START_MS + 5_000, 'linkLost')
    await storage.close()
    storage = await openAt(folder, START_MS + HOUR_MS)
    // A restart between two ticks is no gap; an hour is.
    await at(quick, 12_000)
    await at(gone, HOUR_MS + 5_000)
    await storage.history.beginGap(off, START_MS + 5_000, 'serverOff')
    expect(await gapsOf(quick)).toEqual([])
    expect(await gapsOf(gone)).toEqual([[5_000, HOUR_MS + 5_000, 'consoleClosed']])
    const [closed, since] = await gapsOf(off)
    const openedAfterMs = Number(closed?.[1])
    expect(closed).toEqual([5_000, openedAfterMs, 'consoleClosed'])
    expect(since).toEqual([openedAfterMs, null, 'serverOff'])
    expect(openedAfterMs).toBeGreaterThanOrEqual(HOUR_MS)
    expect(openedAfterMs).toBeLessThan(HOUR_MS + 60_000)
  })
})

describe('entities', () => {
  it('with hostile names harm nobody', async () => {
    const serverId = newServerId()
    const keys = [
      'a\ud800',
      'a\udfff',
      "'; DROP TABLE tail; --",
      'nul\0nul',
      '-H',
      '$(id)',
      '\n',
      'x'.repeat(5_000)
    ]
    const vms = keys.map((key, index) => ({
      kind: 'vm' as const,
      key,
      values: { memoryUsedBytes: index, cpuUsedRatio: 0.5 }
    }))
    for (const afterMs of [0, 5_000]) {
      await storage.history.append({
        ...tick(serverId, START_MS + afterMs, vms),
        labels: vms.map(({ key }) => ({ kind: 'vm', key, label: `${key}\ud800` }))
      })
      await storage.close()
      storage = await openAt(folder, START_MS + 10_000)
    }
    const known = await storage.history.entities(serverId)
    expect(known.map((entity) => entity.entity.key)).toEqual(['a\ufffd', ...keys.slice(2, -1)])
    const series = keys
      .slice(2, -1)
      .map((key) => ({ entity: { serverId, kind: 'vm' as const, key }, metrics: ['memoryUsedBytes'] }))
    const query = { series, fromAtMs: START_MS, toAtMs: START_MS + 6_000, maxPoints: 9 }
    const answer = await storage.history.read(query, never)
    expect(answer.series.map((one) => one.mean)).toEqual([2, 3, 4, 5, 6].map((value) => [value, value]))
  })

  it('carry their newest label and the times they were seen, over a restart too', async () => {
    const serverId = newServerId()
    const vm = (afterMs: number, label: string): Tick => ({
      serverId,
      atMs: START_MS + afterMs,
      entities: [{ kind: 'vm', key: 'uuid-1', values: { cpuUsedRatio: 0 } }],
      labels: [{ kind: 'vm', key: 'uuid-1', label }]
    })
    await storage.history.append(vm(0, 'web'))
    await storage.history.append(vm(5_000, 'web-renamed'))
    await storage.close()
    storage = await openAt(folder)
    expect(await storage.history.entities(serverId)).toEqual([
      {
        entity: { serverId, kind: 'vm', key: 'uuid-1' },
        label: 'web-renamed',
        firstAtMs: START_MS,
        lastAtMs: START_MS + 5_000
      }
    ])
  })
})
