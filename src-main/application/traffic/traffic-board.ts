/** What is known of the logs of each server now, and their newest requests; for windows that look at it. */
import type { ServerId } from '#contract/ids.ts'
import { MAX_NEWEST_REQUESTS, type LogStatus, type TrafficView, type WebRequest } from '#contract/traffic.ts'
import type { LogLine } from '../../domain/traffic/log-line.ts'
import { DetailBoard } from '../telemetry/detail-board.ts'

const MAX_TEXT = 253

interface Entry {
  readonly logs: Map<string, LogStatus>
  newest: readonly WebRequest[]
}

export const waitingLog = (path: string): LogStatus => ({
  path,
  state: 'waiting',
  cause: null,
  fix: null,
  detected: null,
  behindBytes: 0,
  readAtMs: null,
  newestAtMs: null,
  countedFromAtMs: null,
  past: 'notCounted',
  pastReadAtMs: null,
  unreadableLines: 0,
  lostParts: 0
})

export class TrafficBoard {
  readonly #board = new DetailBoard<TrafficView>()
  readonly #servers = new Map<ServerId, Entry>()
  #lastNumber = 0

  /** These are the logs from now on; what is known of those that stay is kept. */
  setLogs(serverId: ServerId, paths: readonly string[]): void {
    const entry = this.#of(serverId)
    const known = new Map(entry.logs)
    entry.logs.clear()
    for (const path of paths) entry.logs.set(path, known.get(path) ?? waitingLog(path))
    entry.newest = entry.newest.filter(({ path }) => entry.logs.has(path))
    this.#publish(serverId, entry)
  }

  /** Nothing for a log that was taken off the list meanwhile. */
  setStatus(serverId: ServerId, path: string, change: Partial<LogStatus>): void {
    const entry = this.#of(serverId)
    const before = entry.logs.get(path)
    if (before === undefined) return
    entry.logs.set(path, { ...before, ...change })
    this.#publish(serverId, entry)
  }

  /** Newest last, as they stand in the log. */
  addRequests(serverId: ServerId, path: string, lines: readonly LogLine[]): void {
    const entry = this.#of(serverId)
    const added = lines.slice(-MAX_NEWEST_REQUESTS).map((line) => this.#requestOf(path, line))
    entry.newest = [...added.reverse(), ...entry.newest]
      .sort((one, other) => other.atMs - one.atMs || other.number - one.number)
      .slice(0, MAX_NEWEST_REQUESTS)
  }

  statuses(serverId: ServerId): readonly LogStatus[] {
    return [...this.#of(serverId).logs.values()]
  }

  isBehind(serverId: ServerId): boolean {
    return this.statuses(serverId).some(({ state, behindBytes }) => state === 'reading' && behindBytes > 0)
  }

  watch(serverId: ServerId, signal: AbortSignal): AsyncIterable<TrafficView> {
    return this.#board.watch(serverId, signal)
  }

  forget(serverId: ServerId): void {
    this.#servers.delete(serverId)
    this.#board.forget(serverId)
  }

  #requestOf(path: string, line: LogLine): WebRequest {
    return {
      number: ++this.#lastNumber,
      atMs: line.atMs,
      path,
      client: line.client,
      method: line.method,
      domain: line.domain?.slice(0, MAX_TEXT) ?? null,
      result: line.result,
      status: line.status,
      responseMs: line.responseMs,
      bytes: line.bytes
    }
  }

  #publish(serverId: ServerId, { logs, newest }: Entry): void {
    this.#board.publish(serverId, { logs: [...logs.values()], newest: [...newest] })
  }

  #of(serverId: ServerId): Entry {
    const known = this.#servers.get(serverId)
    if (known !== undefined) return known
    const entry: Entry = { logs: new Map(), newest: [] }
    this.#servers.set(serverId, entry)
    return entry
  }
}
