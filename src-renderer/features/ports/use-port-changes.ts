/** Events of ports and listening sockets of one server, newest first; those that come in are added. */
import type { HistoryMark } from '#contract/history.ts'
import type { ServerId } from '#contract/ids.ts'
import { shallowRef, type Ref } from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'
import { createWatch, holdWatch } from '../../app/watch.ts'

const KEPT_MS = 30 * 86_400_000
/** A mark may carry a time a little ahead of this clock. */
const AHEAD_MS = 60_000

const isOfPorts = ({ event }: HistoryMark): boolean =>
  event.kind === 'portChanged' || event.kind === 'listenerChanged'

export interface PortChanges {
  /** null = not read yet. */
  readonly changes: Readonly<Ref<readonly HistoryMark[] | null>>
  readonly error: Readonly<Ref<unknown>>
  reload(): Promise<void>
}

/** In setup only. */
export function usePortChanges(serverId: ServerId): PortChanges {
  const rpc = useRpc()
  const changes = shallowRef<readonly HistoryMark[] | null>(null)
  const error = shallowRef<unknown>(null)

  async function reload(): Promise<void> {
    error.value = null
    try {
      const nowMs = Date.now()
      const { marks } = await rpc.call('history.marks', {
        serverIds: [serverId],
        fromAtMs: nowMs - KEPT_MS,
        toAtMs: nowMs + AHEAD_MS
      })
      changes.value = marks.filter(isOfPorts).reverse()
    } catch (cause) {
      error.value = cause
    }
  }
  const watch = createWatch<HistoryMark>(rpc, {
    open: (from, signal) => from.stream('history.watchMarks', { serverIds: [serverId] }, { signal }),
    apply: (mark) => {
      if (isOfPorts(mark)) changes.value = [mark, ...(changes.value ?? [])]
    }
  })
  holdWatch(watch)
  void reload()
  return { changes, error, reload }
}
