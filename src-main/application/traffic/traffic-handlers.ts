/** Web traffic: its lane, what it keeps per server, and what the window asks of it. */
import type { Handlers } from '#contract/define.ts'
import type { ServerId } from '#contract/ids.ts'
import type { VirthelmContract } from '#contract/index.ts'
import { TrafficOptions, type PastProgress } from '#contract/traffic.ts'
import type { Clock } from '../clock.ts'
import type { Zone } from '../export/csv.ts'
import type { BlobStore, HistoryStore } from '../storage.ts'
import { ServerOptions } from '../telemetry/server-options.ts'
import type { TelemetrySubject } from '../telemetry/telemetry.ts'
import { countPast } from './count-past.ts'
import { LogBook } from './log-book.ts'
import { suggestLogs } from './suggest-logs.ts'
import { TrafficBoard } from './traffic-board.ts'
import { TrafficLane, type TrafficLaneDeps } from './traffic-lane.ts'

type TrafficHandlers = Pick<Handlers<VirthelmContract>, Extract<keyof VirthelmContract, `traffic.${string}`>>

export interface TrafficDeps {
  readonly history: Pick<HistoryStore, 'trafficLog' | 'addTraffic' | 'trafficTotals'>
  readonly blobs: BlobStore
  readonly clock: Clock
  readonly filesOf: TrafficLaneDeps['filesOf']
  readonly zone: () => Zone
}

/** Options are known to nobody before `load`. */
export function createTraffic(deps: TrafficDeps): { subject: TelemetrySubject; handlers: TrafficHandlers } {
  const { history, clock, zone } = deps
  const options = new ServerOptions(deps.blobs, 'traffic', TrafficOptions)
  const board = new TrafficBoard()
  const books = new Map<string, LogBook>()
  const bookOf = (serverId: ServerId, path: string): LogBook => {
    const name = `${serverId} ${path}`
    const book = books.get(name) ?? new LogBook(history, serverId, path)
    books.set(name, book)
    return book
  }
  const lane = new TrafficLane({
    board,
    options: (serverId) => options.get(serverId),
    bookOf,
    filesOf: deps.filesOf,
    zone
  })
  const showLogs = (serverId: ServerId): void =>
    board.setLogs(
      serverId,
      options.get(serverId).logs.map(({ path }) => path)
    )
  /** How far the past is counted; windows ask for the totals again then. Never rejects. */
  const showPast = async (serverId: ServerId, path: string): Promise<void> => {
    const state = await bookOf(serverId, path)
      .state()
      // The task that counts fails by itself then, with the reason; this only shows how far it is.
      .catch(() => null)
    if (state === null) return
    const { past, countedFromAtMs, unreadableLines, lostParts } = state
    board.setStatus(serverId, path, {
      past,
      countedFromAtMs,
      unreadableLines,
      lostParts,
      pastReadAtMs: clock.nowMs()
    })
  }
  const subject: TelemetrySubject = {
    lanes: [lane],
    async load(serverId) {
      await options.load(serverId)
      showLogs(serverId)
    },
    async forget(serverId) {
      await options.forget(serverId)
      board.forget(serverId)
      for (const name of books.keys()) if (name.startsWith(`${serverId} `)) books.delete(name)
    }
  }
  const handlers: TrafficHandlers = {
    'traffic.watch': ({ serverId }, { signal }) => board.watch(serverId, signal),
    'traffic.options': ({ serverId }) => options.load(serverId),
    async 'traffic.setOptions'({ serverId, options: chosen }) {
      await options.set(serverId, chosen)
      showLogs(serverId)
      void lane.readNow(serverId)
      return null
    },
    'traffic.suggestions': async ({ serverId, paths }, { signal }) => ({
      logs: await suggestLogs(lane.session(serverId).files, paths, signal)
    }),
    'traffic.totals': (query) => history.trafficTotals(query),
    async 'traffic.countPast'({ serverId, path, days }, context) {
      const { files } = lane.session(serverId)
      const book = bookOf(serverId, path)
      const spec = board.statuses(serverId).find((log) => log.path === path)?.detected ?? null
      try {
        const { signal } = context
        const progress = (now: PastProgress): void => {
          context.progress(now)
          void showPast(serverId, path)
        }
        return await countPast({ files, book, path, spec, days, clock, zone: zone(), signal, progress })
      } finally {
        await showPast(serverId, path)
      }
    }
  }
  return { subject, handlers }
}
