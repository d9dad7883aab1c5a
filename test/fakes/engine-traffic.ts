/** Web traffic of the engine in memory: one Squid log, its totals a fixed story. */
import type { Handlers } from '#contract/define.ts'
import type { VirthelmContract } from '#contract/index.ts'
import type { ServerId } from '#contract/ids.ts'
import type { LogChoice, LogStatus, TrafficTotal, TrafficView } from '#contract/traffic.ts'
import { createTopic } from '../../src-main/application/streams.ts'
import { waitingLog } from '../../src-main/application/traffic/traffic-board.ts'

type TrafficHandlers = Pick<Handlers<VirthelmContract>, Extract<keyof VirthelmContract, `traffic.${string}`>>

export const fakeTotal = (key: string, visits: number, more: Partial<TrafficTotal> = {}): TrafficTotal => ({
  key,
  visits,
  judged: visits,
  hits: Math.floor(visits / 4),
  bytes: visits * 2_048,
  timed: visits,
  responseMs: visits * 120,
  status1xx: 0,
  status2xx: visits - 10,
  status3xx: 0,
  status4xx: 8,
  status5xx: 2,
  statusOther: 0,
  ...more
})

const ROWS: Partial<Record<string, TrafficTotal[]>> = {
  domain: [fakeTotal('deb.example.org', 900), fakeTotal('/', 60), fakeTotal('', 40)],
  client: [fakeTotal('10.0.0.7', 1_000)],
  status: [fakeTotal('200', 990), fakeTotal('000', 10)],
  result: [fakeTotal('TCP_MISS', 750), fakeTotal('TCP_HIT', 250)]
}

export function fakeTraffic(logs: readonly Partial<LogStatus>[] = []): TrafficHandlers {
  const chosen = new Map<ServerId, LogChoice[]>()
  const topics = createTopic<{ serverId: ServerId }>()
  const first: LogChoice[] = logs.map(({ path = '' }) => ({ path, format: 'auto' }))
  const viewOf = (serverId: ServerId): TrafficView => ({
    logs: (chosen.get(serverId) ?? first).map(({ path }) => ({
      ...waitingLog(path),
      state: 'reading',
      ...logs.find((log) => log.path === path)
    })),
    newest: [
      {
        number: 1,
        atMs: Date.now(),
        path: '/var/log/squid/access.log',
        client: '10.0.0.7',
        method: 'GET',
        domain: 'deb.example.org',
        result: 'TCP_HIT',
        status: 200,
        responseMs: 3,
        bytes: 20_480
      }
    ]
  })
  return {
    async *'traffic.watch'({ serverId }, { signal }) {
      const changes = topics.all(signal)
      yield viewOf(serverId)
      for await (const change of changes) if (change.serverId === serverId) yield viewOf(serverId)
    },
    'traffic.options': async ({ serverId }) => ({ logs: chosen.get(serverId) ?? first }),
    async 'traffic.setOptions'({ serverId, options }) {
      chosen.set(serverId, options.logs)
      topics.publish({ serverId })
      return null
    },
    'traffic.suggestions': async () => ({
      logs: [
        {
          path: '/var/log/squid/access.log',
          sizeBytes: 8_388_608,
          detected: { format: 'squid', timing: 'none' },
          readable: true,
          fix: null
        },
        {
          path: '/var/log/nginx/access.log',
          sizeBytes: 0,
          detected: null,
          readable: false,
          fix: 'sudo usermod -aG adm op'
        }
      ]
    }),
    'traffic.totals': async ({ by, toDay }) => ({
      rows: by === 'day' ? [fakeTotal(toDay, 1_000)] : (ROWS[by] ?? []),
      total: fakeTotal('', 1_000),
      more: by === 'domain' ? 3 : 0
    }),
    'traffic.countPast': async (_input, { progress }) => {
      progress({ doneRatio: 0.5, lines: 50, atMs: null })
      return { lines: 100, skipped: 0 }
    }
  }
}
