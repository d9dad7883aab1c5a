/** `virsh event` on a channel of its own: a push that says that something changed. Events are hints only. */
import { randomBytes } from 'node:crypto'
import { concernsList, type EventHint, parseEventLine } from '../../domain/libvirt/events.ts'
import type { Clock } from '../../application/clock.ts'
import type { Log } from '../../application/platform/platform.ts'
import type { Connection, ShellChannel } from '../../application/servers/connection.ts'
import { endChannel } from './end-channel.ts'
import { virshEventScript } from './virsh-scripts.ts'

export interface EventWatch {
  /** Idempotent. */
  close(): void
}

export interface EventWatchOptions {
  readonly connection: Connection
  readonly uri: string
  readonly clock: Clock
  readonly log: Log
  /** Each event as it comes. */
  onEvent(hint: EventHint): void
  /** Something changed, at most once per DEBOUNCE_MS; also after the watch was taken up again. */
  onChange(): void
}

/** A start or a snapshot is a burst of events within some milliseconds. */
const DEBOUNCE_MS = 80
/** From the lane's `ready` to a virsh that surely listens. */
const SETTLE_MS = 700
const OPEN_DEADLINE_MS = 8_000
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 30_000
/** A watch that held for so long was a good one: the next pause is short again. */
const GOOD_AFTER_MS = 60_000
const MAX_LINE_CHARS = 16 * 1024

/** Watches until it is closed; starts again with back-off when virsh ends (it exits 1 when the daemon dies). */
export function watchEvents(options: EventWatchOptions): EventWatch {
  const stop = new AbortController()
  const changes = debounced(options.clock, stop.signal, () => options.onChange())
  void keepWatching(options, stop.signal, changes)
  return { close: () => stop.abort() }
}

async function keepWatching(
  options: EventWatchOptions,
  signal: AbortSignal,
  changed: () => void
): Promise<void> {
  const { clock, log } = options
  let pauseMs = FIRST_PAUSE_MS
  while (!signal.aborted) {
    const startedMs = clock.monotonicMs()
    try {
      await watchOnce(options, signal, changed)
    } catch (error) {
      log.debug('libvirt.eventsUnavailable', { cause: String(error) })
    }
    if (signal.aborted) return
    if (clock.monotonicMs() - startedMs > GOOD_AFTER_MS) pauseMs = FIRST_PAUSE_MS
    log.info('libvirt.eventsInterrupted', { pauseMs })
    // Rejects only when the session ends, which the loop sees.
    await clock.sleep(pauseMs, signal).catch(() => undefined)
    pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)
  }
}

/** One channel to its end. Events may have been lost before it listens, so the list is read again then. */
async function watchOnce(
  options: EventWatchOptions,
  signal: AbortSignal,
  changed: () => void
): Promise<void> {
  const { clock } = options
  const channel = await options.connection.openShell({ signal, deadlineMs: OPEN_DEADLINE_MS })
  const end = (): void => endChannel(channel, clock)
  signal.addEventListener('abort', end, { once: true })
  try {
    const marker = randomBytes(16).toString('hex')
    readLines(channel, (line) => {
      if (line === `${marker} ready`) void clock.sleep(SETTLE_MS, signal).then(changed, () => undefined)
      const hint = parseEventLine(line)
      if (hint === null || signal.aborted) return
      options.onEvent(hint)
      if (concernsList(hint)) changed()
    })
    await channel.write(virshEventScript(marker, options.uri))
    await channel.closed
  } finally {
    signal.removeEventListener('abort', end)
    end()
  }
}

function readLines(channel: ShellChannel, onLine: (line: string) => void): void {
  const decoder = new TextDecoder()
  let partial = ''
  channel.onData((chunk) => {
    const lines = (partial + decoder.decode(chunk, { stream: true })).split('\n')
    partial = (lines.pop() ?? '').slice(0, MAX_LINE_CHARS)
    for (const line of lines) onLine(line)
  })
  // Taken and dropped, so that the channel's window does not fill.
  channel.onErrorData(() => undefined)
}

function debounced(clock: Clock, signal: AbortSignal, action: () => void): () => void {
  let waiting = false
  return () => {
    if (waiting || signal.aborted) return
    waiting = true
    void clock.sleep(DEBOUNCE_MS, signal).then(
      () => {
        waiting = false
        action()
      },
      () => undefined
    )
  }
}
