import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ServerId } from '#contract/ids.ts'
import type { TrafficQuery } from '#contract/traffic.ts'
import type { Storage } from '../application/storage.ts'
import { noSums, type TrafficCount } from '../domain/traffic/traffic-counts.ts'
import { openAt, workerUrl } from './test-open.ts'
import { makeTemporaryFolder, newServerId, removeFolder, serverRecord, START_MS } from './test-support.ts'

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

const PATH = '/var/log/squid/access.log'
const DAY = '2026-01-05'
const one = newServerId()

const count = (kind: TrafficCount['kind'], key: string, visits: number, day = DAY): TrafficCount => ({
  ...noSums(),
  day,
  kind,
  key,
  visits,
  bytes: visits * 10,
  responseMs: visits / 2
})
const add = (counts: readonly TrafficCount[], revision: number | null, serverId = one, path = PATH) =>
  storage.history.addTraffic({ serverId, path, revision, state: `{"at":${revision ?? 0}}`, counts })
const query = (by: TrafficQuery['by'], more: Partial<TrafficQuery> = {}): TrafficQuery => ({
  serverIds: [one],
  paths: null,
  fromDay: '2026-01-01',
  toDay: '2026-01-31',
  by,
  limit: 10,
  ...more
})
const rowsOf = async (by: TrafficQuery['by'], more: Partial<TrafficQuery> = {}) => {
  const { rows } = await storage.history.trafficTotals(query(by, more))
  return rows.map(({ key, visits }) => [key, visits])
}

it('keeps place and sums together: what is added on an old place is refused, and changes nothing', async () => {
  expect(await storage.history.trafficLog(one, PATH)).toBeNull()
  expect(await add([count('domain', 'a.example', 3), count('hour', '10', 3)], null)).toBe(1)
  expect(await add([count('domain', 'a.example', 4), count('hour', '11', 4)], 1)).toBe(2)
  for (const stale of [null, 1])
    await expect(add([count('domain', 'a.example', 100)], stale)).rejects.toMatchObject({ code: 'conflict' })
  await storage.close()
  storage = await openAt(folder)
  expect(await storage.history.trafficLog(one, PATH)).toEqual({ revision: 2, state: '{"at":1}' })
  const { rows, total } = await storage.history.trafficTotals(query('domain'))
  expect(rows).toMatchObject([{ key: 'a.example', visits: 7, bytes: 70, responseMs: 3.5 }])
  expect(total).toMatchObject({ visits: 7 })
})

it('answers by day, hour, domain, client and server, over logs and servers', async () => {
  const other = newServerId()
  await add(
    [
      ...[count('domain', 'a', 5), count('domain', 'b', 9), count('client', '10.0.0.1', 14)],
      ...[
        count('hour', '10', 14),
        count('hour', '10', 2, '2026-01-06'),
        count('domain', 'a', 2, '2026-01-06')
      ]
    ],
    null
  )
  await add([count('domain', 'a', 1), count('hour', '23', 1)], null, one, '/var/log/nginx/access.log')
  await add([count('domain', 'c', 50), count('hour', '00', 50)], null, other)
  expect(await rowsOf('domain')).toEqual([
    ['b', 9],
    ['a', 8]
  ])
  expect(await rowsOf('domain', { paths: [PATH], toDay: DAY })).toEqual([
    ['b', 9],
    ['a', 5]
  ])
  expect(await rowsOf('day')).toEqual([
    [DAY, 15],
    ['2026-01-06', 2]
  ])
  expect(await rowsOf('hour')).toEqual([
    ['10', 16],
    ['23', 1]
  ])
  expect(await rowsOf('server', { serverIds: [one, other] })).toEqual([
    [other, 50],
    [one, 17]
  ])
  const top = await storage.history.trafficTotals(query('domain', { serverIds: [one, other], limit: 1 }))
  expect(top).toMatchObject({ rows: [{ key: 'c' }], more: 2, total: { visits: 67 } })
  expect(await rowsOf('domain', { serverIds: [newServerId()] })).toEqual([])
})

it('folds the smallest of too many; every sum stays', async () => {
  const many = Array.from({ length: 3_000 }, (_, index) =>
    count('client', `10.0.${index >> 8}.${index & 255}`, index + 1)
  )
  await add([...many, count('hour', '10', (3_000 * 3_001) / 2)], null)
  const { rows, more, total } = await storage.history.trafficTotals(query('client', { limit: 5_000 }))
  expect(rows).toHaveLength(2_001)
  expect(rows.at(-1)).toMatchObject({
    key: '',
    visits: (1_000 * 1_001) / 2,
    bytes: 10 * ((1_000 * 1_001) / 2)
  })
  expect(more).toBe(0)
  expect(rows.reduce((sum, row) => sum + row.visits, 0)).toBe(total.visits)
  const retention = { rawDays: 7, minuteDays: 90, hourDays: 365, budgetBytes: null }
  await storage.history.applyRetention(retention, START_MS + 89 * 86_400_000)
  expect((await storage.history.trafficTotals(query('client', { limit: 5_000 }))).rows).toHaveLength(2_001)
  await storage.history.applyRetention(retention, START_MS + 92 * 86_400_000)
  const thinned = await storage.history.trafficTotals(query('client', { limit: 5_000 }))
  expect(thinned.rows).toHaveLength(201)
  expect(thinned.rows.reduce((sum, row) => sum + row.visits, 0)).toBe(total.visits)
})

it('forgets a server with its history', async () => {
  await storage.servers.insert(serverRecord('a', one))
  await add([count('domain', 'a', 1), count('hour', '10', 1)], null)
  await storage.servers.remove([one], { deleteHistory: true })
  expect(await storage.history.trafficLog(one, PATH)).toBeNull()
  expect(await rowsOf('domain')).toEqual([])
  await storage.close()
  storage = await openAt(folder)
  // Its rows go in steps.
  const again = (): Promise<number> => add([count('domain', 'b', 1)], null).catch(() => 0)
  await expect.poll(again, { timeout: 20_000 }).toBe(1)
  expect(await rowsOf('domain')).toEqual([['b', 1]])
})

it('killed between reading and committing, it has counted each line once', async () => {
  await storage.close()
  const script = new URL('./web-traffic-victim.ts', import.meta.url).pathname
  const cycles = process.env.VIRTHELM_LONG === '1' ? 200 : 8
  let acknowledged = 0
  for (let cycle = 0; cycle < cycles; cycle++) {
    const child = spawn(process.execPath, [script, folder, workerUrl.href], {
      stdio: ['ignore', 'pipe', 'inherit']
    })
    let lines = 0
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged = Number(line)
      if (++lines === 1 + ((cycle * 7) % 23)) child.kill('SIGKILL')
    }
  }
  storage = await openAt(folder)
  const id = ServerId.parse('00000000-0000-4000-8000-000000000001')
  const kept = await storage.history.trafficLog(id, PATH)
  const { total } = await storage.history.trafficTotals(query('domain', { serverIds: [id] }))
  const place = (JSON.parse(kept?.state ?? '{}') as { line: number }).line
  expect(total.visits).toBe(place)
  expect(place).toBeGreaterThanOrEqual(acknowledged)
  expect(acknowledged).toBeGreaterThan(cycles)
}, 300_000)
