import { beforeEach, describe, expect, it } from 'vitest'
import type { ReadingSettings } from '#contract/engines.ts'
import { AppError } from '#contract/errors.ts'
import type { HistoryAnswer, HistoryQuery } from '#contract/history.ts'
import type { ServerId } from '#contract/ids.ts'
import { FakeClock, fakeSecret, silentLog } from '../../../test/fakes/engine-parts.ts'
import { answerOf } from '../../../test/fakes/outside-engine.ts'
import type { EngineAnswer, EngineHttp, EngineRequest } from './http.ts'
import { bucketsFor } from './outside-answer.ts'
import { OutsideReader } from './outside-reader.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const serverId = '00000000-0000-4000-8000-000000000001' as ServerId
const settings: ReadingSettings = {
  enabled: true,
  url: 'http://vm:8428/select',
  login: { kind: 'bearer' },
  fromAgeMs: 7 * DAY_MS
}

let clock: FakeClock
let requests: EngineRequest[]
let answer: (request: EngineRequest) => EngineAnswer | Promise<EngineAnswer>
let own: HistoryAnswer
let reader: OutsideReader

const http: EngineHttp = {
  request: async (request) => {
    requests.push(request)
    return answer(request)
  },
  close: () => undefined
}
const query = (daysBack: number, metrics = ['cpuUsedRatio']): HistoryQuery => {
  const toAtMs = Math.floor(clock.nowMs() / HOUR_MS) * HOUR_MS
  return {
    series: [{ entity: { serverId, kind: 'server', key: '' }, metrics }],
    fromAtMs: toAtMs - daysBack * DAY_MS,
    toAtMs,
    maxPoints: daysBack * 24
  }
}
const read = (asked: HistoryQuery, signal = new AbortController().signal): Promise<HistoryAnswer> =>
  reader.over({ read: async () => own })(asked, signal)
const form = (index = 0): URLSearchParams =>
  new URLSearchParams(Buffer.from(requests[index]?.body ?? new Uint8Array()).toString())

/** A matrix with these values of each part; a point's time is the last millisecond of its bucket. */
function matrix(
  parts: Record<string, (number | null)[]>,
  bucketMs = HOUR_MS,
  fromAtMs = query(10).fromAtMs
): EngineAnswer {
  const result = Object.entries(parts).map(([part, values]) => ({
    metric: { server_id: serverId, virthelm_part: part },
    values: values.flatMap((value, index) =>
      value === null ? [] : [[(fromAtMs + (index + 1) * bucketMs - 1) / 1_000, String(value)]]
    )
  }))
  return answerOf(200, JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } }))
}

beforeEach(() => {
  clock = new FakeClock()
  requests = []
  answer = () => matrix({ mean: [0.5], min: [0.1], max: [0.9] })
  own = { level: 'hour', bucketMs: HOUR_MS, atMs: [], series: [], gaps: [] }
  reader = new OutsideReader({ http, clock, log: silentLog, onChange: () => undefined })
  reader.change(settings, fakeSecret('token'))
})

describe('reading long ranges from an outside engine', () => {
  it('asks once for mean, minimum and maximum of each bucket, so that peaks stay', async () => {
    answer = () => matrix({ mean: [0.5, 0.25], min: [0.1, 0.2], max: [0.99, 0.3] })
    const asked = query(10)
    const got = await read(asked)
    expect(got).toMatchObject({
      level: 'hour',
      bucketMs: HOUR_MS,
      atMs: [asked.fromAtMs, asked.fromAtMs + HOUR_MS],
      series: [{ metric: 'cpuUsedRatio', mean: [0.5, 0.25], min: [0.1, 0.2], max: [0.99, 0.3] }],
      answeredBy: 'outsideEngine'
    })
    expect(requests).toHaveLength(1)
    expect(requests[0]?.url.href).toBe('http://vm:8428/select/api/v1/query_range')
    expect(requests[0]?.headers['authorization']).toBe('Bearer token')
    expect(form().get('query')).toContain(
      `max_over_time(virthelm_server_cpu_used_ratio{server_id="${serverId}"}[3600000ms])`
    )
    expect(Number(form().get('start')) * 1_000).toBe(asked.fromAtMs + HOUR_MS - 1)
    expect(Number(form().get('end')) * 1_000).toBe(asked.toAtMs - 1)
    expect(form().get('step')).toBe('3600.000')
  })

  it('leaves short ranges, and all of them while it is off, to the own file', async () => {
    expect(await read(query(6))).toBe(own)
    reader.change({ ...settings, enabled: false }, null)
    expect(await read(query(300))).toBe(own)
    reader.change(null, null)
    expect(await read(query(300))).toBe(own)
    expect(requests).toEqual([])
  })

  it('keeps the own gaps, breaks a line at a hole, and fills what the engine does not have yet', async () => {
    const asked = query(10)
    const lastAtMs = asked.toAtMs - HOUR_MS
    const gap = {
      serverId,
      vmUuid: null,
      fromAtMs: asked.fromAtMs,
      toAtMs: null,
      reason: 'linkLost' as const
    }
    own = {
      ...own,
      atMs: [asked.fromAtMs, lastAtMs],
      series: [
        {
          entity: { serverId, kind: 'server', key: '' },
          metric: 'cpuUsedRatio',
          mean: [0.7, 0.8],
          min: [],
          max: []
        }
      ],
      gaps: [gap]
    }
    answer = () => matrix({ mean: [0.5, 0.6], min: [0.4, 0.5], max: [0.6, 0.7] })
    const got = await read(asked)
    expect(got.gaps).toEqual([gap])
    expect(got.atMs).toEqual([0, 1, 2].map((index) => asked.fromAtMs + index * HOUR_MS).concat(lastAtMs))
    expect(got.series[0]).toMatchObject({
      mean: [0.5, 0.6, null, 0.8],
      min: [0.4, 0.5, null, 0.8],
      max: [0.6, 0.7, null, 0.8]
    })
  })

  it('answers from the own file when the engine fails, says so, and does not ask it again at once', async () => {
    for (const failing of [
      () => answerOf(500),
      () => answerOf(200, '<html>'),
      () => answerOf(200, '{"status":"success","data":{}}'),
      () => answerOf(401),
      () => {
        throw new AppError('deadlineExceeded')
      }
    ]) {
      requests = []
      answer = failing
      expect(await read(query(10))).toEqual({ ...own, answeredBy: 'fileInstead' })
      expect(await read(query(10))).toMatchObject({ answeredBy: 'fileInstead' })
      expect(requests).toHaveLength(1)
      expect(reader.status().error).not.toBeNull()
      await clock.advance(31_000)
    }
    answer = () => matrix({ mean: [1], min: [1], max: [1] })
    expect(await read(query(10))).toMatchObject({ answeredBy: 'outsideEngine' })
    expect(reader.status()).toMatchObject({ error: null, lastSuccessAtMs: clock.nowMs() })
  })

  it('waits a bounded time for all questions of a page together', async () => {
    answer = async ({ deadlineMs }) => {
      expect(deadlineMs).toBeLessThanOrEqual(8_000)
      await clock.advance(1_000)
      return matrix({})
    }
    await read(
      query(10, [
        'cpuUsedRatio',
        'load1',
        'load5',
        'load15',
        'uptimeSec',
        'cpuIdleRatio',
        'memoryUsedBytes',
        'swapUsedBytes'
      ])
    )
    expect(requests).toHaveLength(8)
    expect(Math.min(...requests.map(({ deadlineMs }) => deadlineMs))).toBeLessThan(8_000)
  })

  it('ends with its reader', async () => {
    const cancel = new AbortController()
    answer = ({ signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new AppError('cancelled')))
        cancel.abort()
      })
    await expect(read(query(10), cancel.signal)).rejects.toMatchObject({ code: 'cancelled' })
    expect(reader.status().error).toBeNull()
  })

  it('turns units back, and takes nothing that is not a number', async () => {
    const disk = { serverId, kind: 'disk' as const, key: 'nvme0n1' }
    const asked = { ...query(10), series: [{ entity: disk, metrics: ['awaitMs', 'unheardOf'] }] }
    answer = () =>
      answerOf(
        200,
        JSON.stringify({
          status: 'success',
          data: {
            result: [
              {
                metric: { device: 'nvme0n1', virthelm_part: 'mean' },
                values: [
                  [(asked.fromAtMs + HOUR_MS - 1) / 1_000, '0.0125'],
                  [(asked.fromAtMs + 2 * HOUR_MS - 1) / 1_000, 'NaN'],
                  'x'
                ]
              },
              { metric: { device: 'sda', virthelm_part: 'mean' }, values: [[0, '1']] },
              7
            ]
          }
        })
      )
    const got = await read(asked)
    expect(got.series.map(({ mean }) => mean)).toEqual([[12.5], [null]])
    expect(requests).toHaveLength(1)
  })
})

describe('buckets', () => {
  it('are as fine as the points allow, and never finer than a minute', () => {
    const span = (days: number, maxPoints: number, ownMs = 0): number =>
      bucketsFor({ fromAtMs: 0, toAtMs: days * DAY_MS, maxPoints }, ownMs).bucketMs
    expect(span(30, 1_000)).toBe(HOUR_MS)
    expect(span(365, 1_000)).toBe(12 * HOUR_MS)
    expect(span(3_650, 1_000)).toBe(4 * DAY_MS)
    expect(span(0.04, 2_000)).toBe(60_000)
    expect(span(365, 1_000, 9 * HOUR_MS)).toBe(9 * HOUR_MS)
    expect(span(30, 1_000, DAY_MS)).toBe(HOUR_MS)
  })

  it('cover the range and start at multiples of their width', () => {
    const { firstAtMs, bucketMs, count } = bucketsFor(
      { fromAtMs: 1_700_000_123_456, toAtMs: 1_700_400_000_001, maxPoints: 700 },
      0
    )
    expect(firstAtMs % bucketMs).toBe(0)
    expect(firstAtMs).toBeLessThanOrEqual(1_700_000_123_456)
    expect(firstAtMs + count * bucketMs).toBeGreaterThanOrEqual(1_700_400_000_001)
    expect(count).toBeLessThanOrEqual(701)
  })
})
