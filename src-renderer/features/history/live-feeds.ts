/** What comes in of servers while one looks: ticks, and marks. */
import type { HistoryMark, LiveTick } from '#contract/history.ts'
import { createServerFeeds } from './server-feeds.ts'

export const listenToTicks = createServerFeeds<LiveTick>((rpc, serverId, signal) =>
  rpc.stream('history.live', { serverId }, { signal })
)

export const listenToMarks = createServerFeeds<HistoryMark>((rpc, serverId, signal) =>
  rpc.stream('history.watchMarks', { serverIds: [serverId] }, { signal })
)
