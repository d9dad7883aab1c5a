/** What the window can ask of the history, and the live continuation of it. */
import type { Handlers } from '#contract/define.ts'
import type { HistoryMark, LiveTick } from '#contract/history.ts'
import type { ServerId } from '#contract/ids.ts'
import type { VirthelmContract } from '#contract/index.ts'
import type { ServerDirectory } from '../servers/server-directory.ts'
import type { HistoryStore } from '../storage.ts'
import { createTopic, type Topic } from '../streams.ts'

/** Ticks by server; a topic exists only while somebody follows it. */
export class LiveTicks {
  readonly #topics = new Map<ServerId, Topic<LiveTick>>()

  publish(tick: LiveTick): void {
    this.#topics.get(tick.serverId)?.publish(tick)
  }

  async *follow(serverId: ServerId, signal: AbortSignal): AsyncGenerator<LiveTick, void> {
    const topic = this.#topics.get(serverId) ?? createTopic<LiveTick>()
    this.#topics.set(serverId, topic)
    try {
      yield* topic.all(signal)
    } finally {
      if (topic.readers === 0) this.#topics.delete(serverId)
    }
  }
}

const MAX_MARKS = 2_000

type HistoryHandlers = Pick<Handlers<VirthelmContract>, Extract<keyof VirthelmContract, `history.${string}`>>

export function historyHandlers(deps: {
  directory: ServerDirectory
  history: HistoryStore
  /** As the history's own, or with an outside engine before it. */
  read: HistoryStore['read']
  budgetBytes: () => number | null
  live: LiveTicks
  marks: Topic<HistoryMark>
}): HistoryHandlers {
  const { directory, history, read, budgetBytes, live, marks } = deps
  return {
    'history.read': (query, { signal }) => read(query, signal),
    'history.statistics': async (query, { signal }) => ({
      statistics: await history.statistics(query, signal)
    }),
    'history.rowsPage': (query, { signal }) => history.rowsPage(query, signal),
    'history.top': async (query, { signal }) => ({ entries: await history.top(query, signal) }),
    'history.busyHours': async (query, { signal }) => ({ hours: await history.busyHours(query, signal) }),
    'history.marks': async (query) => ({ marks: await history.marks({ ...query, limit: MAX_MARKS }) }),
    'history.watchMarks': ({ serverIds }, { signal }) => marksOf(marks, serverIds, signal),
    // The settings' budget: the storage hears of a change when it next goes through its levels.
    'history.usage': async () => ({ ...(await history.usage()), budgetBytes: budgetBytes() }),
    'history.entities': async ({ serverId }) => ({ entities: [...(await history.entities(serverId))] }),
    'history.live': (input, { signal }) => followWatched(directory, live, input.serverId, signal)
  }
}

/** Somebody looks at this server: its slow values are read at every tick meanwhile. */
async function* followWatched(
  directory: ServerDirectory,
  live: LiveTicks,
  serverId: ServerId,
  signal: AbortSignal
): AsyncGenerator<LiveTick, void> {
  const release = directory.get(serverId).watch()
  try {
    yield* live.follow(serverId, signal)
  } finally {
    release()
  }
}

async function* marksOf(
  marks: Topic<HistoryMark>,
  serverIds: readonly ServerId[],
  signal: AbortSignal
): AsyncGenerator<HistoryMark, void> {
  const wanted = new Set(serverIds)
  for await (const mark of marks.all(signal)) if (wanted.has(mark.serverId)) yield mark
}
