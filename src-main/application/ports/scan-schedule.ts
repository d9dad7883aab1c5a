/** Scans each server's plan when it is due: with jitter, a few servers at a time, and only while the server is online. */
import type { ServerId } from '#contract/ids.ts'
import { AppError } from '#contract/errors.ts'
import { sleepUnlessAborted, type Clock } from '../clock.ts'
import type { Log } from '../platform/platform.ts'
import type { ServerRuntime } from '../servers/server-runtime.ts'
import { portsOf, type PortScans } from './port-scans.ts'

export interface ScanScheduleDeps {
  readonly scans: PortScans
  readonly clock: Clock
  readonly log: Log
  /** 0..1 */
  readonly random: () => number
  readonly runtimes: () => readonly ServerRuntime[]
}

const LOOK_EVERY_MS = 20_000
const HOUR_MS = 3_600_000
/** Of the interval: servers that were set up together do not stay together. */
const JITTER = 0.05
const MAX_AT_ONCE = 4

export class ScanSchedule {
  readonly #deps: ScanScheduleDeps
  readonly #life = new AbortController()
  readonly #jitters = new Map<ServerId, number>()
  readonly #active = new Map<ServerId, Promise<void>>()
  #running: Promise<void> = Promise.resolve()

  constructor(deps: ScanScheduleDeps) {
    this.#deps = deps
  }

  start(): void {
    this.#running = this.#run()
  }

  async close(): Promise<void> {
    this.#life.abort()
    await this.#running
    await Promise.all(this.#active.values())
  }

  forget(serverId: ServerId): void {
    this.#jitters.delete(serverId)
  }

  /** null = the plan is not scanned by itself. Never scanned yet: due now. */
  nextAtMs(serverId: ServerId): number | null {
    const { scans, clock } = this.#deps
    const everyMs = scans.plan(serverId).everyHours * HOUR_MS
    if (everyMs === 0) return null
    const lastAtMs = scans.scheduledAtMs(serverId)
    return lastAtMs === null ? clock.nowMs() : Math.round(lastAtMs + everyMs * (1 + this.#jitter(serverId)))
  }

  #jitter(serverId: ServerId): number {
    const known = this.#jitters.get(serverId) ?? this.#deps.random() * JITTER
    this.#jitters.set(serverId, known)
    return known
  }

  async #run(): Promise<void> {
    const { clock, runtimes } = this.#deps
    const { signal } = this.#life
    while (!signal.aborted) {
      await sleepUnlessAborted(clock, LOOK_EVERY_MS, signal)
      for (const runtime of signal.aborted ? [] : runtimes()) {
        const { id } = runtime.record
        const dueAtMs = this.nextAtMs(id)
        const isDue = dueAtMs !== null && dueAtMs <= clock.nowMs() && runtime.state.kind === 'online'
        if (!isDue || this.#active.has(id) || this.#active.size >= MAX_AT_ONCE) continue
        this.#active.set(
          id,
          this.#scan(runtime).finally(() => this.#active.delete(id))
        )
      }
    }
  }

  async #scan(runtime: ServerRuntime): Promise<void> {
    const { scans, log } = this.#deps
    const { id: serverId, connection } = runtime.record
    const { ports, origins, inside } = scans.plan(serverId)
    const allowed = connection.jumps.length > 0 ? origins.filter((origin) => origin !== 'direct') : origins
    try {
      await scans.scan(
        serverId,
        { ports: portsOf(ports), origins: allowed, inside, scheduled: true },
        { signal: this.#life.signal, onProgress: () => undefined }
      )
      this.#jitters.delete(serverId)
    } catch (error) {
      if (this.#life.signal.aborted) return
      const code = error instanceof AppError ? error.code : 'internal'
      if (code === 'internal') log.error('ports.scanFailed', error, { serverId })
      else log.info('ports.scanNotDone', { serverId, code })
      // A link that went comes back: tried again then. The server may have left the list meanwhile.
      if (code === 'disconnected' || code === 'notFound') return
    }
    await scans.noteScheduled(serverId).catch((cause: unknown) => {
      log.error('ports.scheduleNotKept', cause, { serverId })
    })
  }
}
