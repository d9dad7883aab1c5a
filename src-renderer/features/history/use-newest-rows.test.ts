import type { LiveTick, RowsPage } from '#contract/history.ts'
import type { ServerId } from '#contract/ids.ts'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, nextTick, ref, type EffectScope } from 'vue'
import { pushStream, stubRpc } from '../../../test/fakes/stub-rpc.ts'
import { installRpc } from '../../app/rpc-provider.ts'
import { NEWEST_ROWS, useNewestRows, type NewestRows } from './use-newest-rows.ts'

const serverId = '11111111-1111-4111-8111-111111111111' as ServerId
const entity = { serverId, kind: 'server' as const, key: '' }
const START = Date.UTC(2026, 10, 20, 10)
const tick = (number: number): LiveTick => ({
  serverId,
  atMs: START + number * 5_000,
  entities: [{ kind: 'server', key: '', values: { cpuUsedRatio: number } }]
})
const reading = ref(false)
let scope: EffectScope
let live: ReturnType<typeof pushStream<LiveTick>>
let page: RowsPage

async function start(): Promise<NewestRows> {
  const rows = scope.run(() =>
    useNewestRows({ series: () => [{ entity, metrics: ['cpuUsedRatio'] }], hold: () => reading.value })
  ) as NewestRows
  await settle()
  return rows
}
const settle = async (): Promise<void> => {
  await nextTick()
  await vi.advanceTimersByTimeAsync(10)
}
async function ticks(from: number, to: number): Promise<void> {
  for (let number = from; number <= to; number += 1) live.push(tick(number))
  await settle()
}
const shown = (rows: NewestRows) => rows.rows.value.map(({ values }) => values[0])

beforeEach(() => {
  vi.useFakeTimers({ now: START })
  reading.value = false
  live = pushStream<LiveTick>()
  page = {
    level: 'raw',
    atMs: [START, START - 5_000],
    rows: [[0], [-1]],
    nextBeforeAtMs: null
  }
  installRpc(stubRpc({ 'history.rowsPage': () => page, 'history.live': live.stream }).rpc)
  scope = effectScope()
})
afterEach(() => {
  scope.stop()
  vi.useRealTimers()
})

describe('the newest rows', () => {
  it('come in at the top, thirty at most', async () => {
    const rows = await start()
    expect(shown(rows)).toEqual([0, -1])
    await ticks(1, 2)
    expect(shown(rows)).toEqual([2, 1, 0, -1])
    await ticks(3, 60)
    expect(rows.rows.value).toHaveLength(NEWEST_ROWS)
    expect(shown(rows)[0]).toBe(60)
  })

  it('wait while one reads, are counted, and come when one has done', async () => {
    const rows = await start()
    reading.value = true
    await ticks(1, 3)
    expect(shown(rows)).toEqual([0, -1])
    expect(rows.waiting.value).toBe(3)
    reading.value = false
    await settle()
    expect(shown(rows)).toEqual([3, 2, 1, 0, -1])
    expect(rows.waiting.value).toBe(0)
  })

  it('are no means of minutes', async () => {
    page = { ...page, level: 'minute' }
    const rows = await start()
    expect([shown(rows), rows.ready.value]).toEqual([[], true])
  })
})
