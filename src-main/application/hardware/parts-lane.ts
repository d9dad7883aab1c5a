/** The lane of disks and interfaces: what they are, and the counters that traffic is counted up from. */
import { AppError, type ErrorInfo } from '#contract/errors.ts'
import type { EntityValues } from '#contract/metric-catalogue.ts'
import { type HardwareParts, parseParts } from '../../domain/hardware/parts.ts'
import type { FileSystemDetail } from '../../domain/metrics/derive-file-systems.ts'
import { type CountReason, isForGuests } from '../../domain/metrics/inventory.ts'
import type { CounterReading } from '../../domain/traffic/count-up.ts'
import type { LaneContext, LaneReading, LaneSession } from '../telemetry/lane.ts'
import { PARTS_SCRIPT } from './scripts.ts'

export const PARTS_EVERY_MS = 60_000
export const PARTS_WATCHED_MS = 15_000

const DEADLINE_MS = 20_000
const MAX_BYTES = 2 * 1024 * 1024

export interface PartsBoard {
  readonly readAtMs: number | null
  readonly error: ErrorInfo | null
  readonly parts: HardwareParts | null
  readonly fileSystems: readonly FileSystemDetail[]
  readonly reasons: ReadonlyMap<string, CountReason>
}

export const NO_PARTS: PartsBoard = {
  readAtMs: null,
  error: null,
  parts: null,
  fileSystems: [],
  reasons: new Map()
}

export interface PartsEvents {
  readonly known: () => PartsBoard
  readonly publish: (board: PartsBoard) => void
  readonly count: (reading: CounterReading) => Promise<void>
}

export class PartsSession implements LaneSession {
  readonly #context: LaneContext
  readonly #events: PartsEvents

  constructor(context: LaneContext, events: PartsEvents) {
    this.#context = context
    this.#events = events
  }

  async read(signal: AbortSignal): Promise<LaneReading> {
    try {
      return await this.#readNow(signal)
    } catch (cause) {
      if (!signal.aborted) {
        const error = cause instanceof AppError ? cause : new AppError('internal', { cause })
        this.#events.publish({ ...this.#events.known(), error: error.toInfo() })
      }
      throw cause
    }
  }

  close(): void {
    // The tools and the sampling are the connection's.
  }

  async #readNow(signal: AbortSignal): Promise<LaneReading> {
    const { tools, sampling, clock } = this.#context
    const { stdout } = await tools.run(PARTS_SCRIPT, { signal, deadlineMs: DEADLINE_MS, maxBytes: MAX_BYTES })
    // Counters are read last: this is their time.
    const atMs = clock.nowMs()
    const parts = parseParts(stdout)
    const reasons = sampling.countReasons()
    this.#events.publish({
      readAtMs: atMs,
      error: null,
      parts,
      fileSystems: sampling.fileSystemDetails(),
      reasons
    })
    const reading = readingOf(parts, reasons, atMs)
    if (reading !== null) await this.#events.count(reading)
    const entities: EntityValues[] =
      parts.zramUsedBytes === null
        ? []
        : [{ kind: 'server', key: '', values: { zramUsedBytes: parts.zramUsedBytes } }]
    return { entities, capabilities: [] }
  }
}

/** null: the server said nothing that could be counted from, or the sampler does not know yet whose traffic is the server's. */
export function readingOf(
  parts: HardwareParts,
  reasons: ReadonlyMap<string, CountReason>,
  atMs: number
): CounterReading | null {
  if (parts.uptimeSec === null || parts.counters.size === 0 || reasons.size === 0) return null
  const links = new Map(parts.links.map((link) => [link.name, link]))
  const hasIndexes = parts.links.some(({ ifindex }) => ifindex !== null)
  return {
    atMs,
    bootId: parts.bootId,
    uptimeSec: parts.uptimeSec,
    interfaces: [...parts.counters].flatMap(([name, { rxBytes, txBytes }]) => {
      const link = links.get(name)
      const ifindex = link?.ifindex ?? null
      // It came or went between the two looks: the next reading has all of it.
      if (hasIndexes && ifindex === null) return []
      const inTotal = reasons.get(name)?.counted === true
      const kept = inTotal || link?.hasDevice === true || !isForGuests(name)
      return [{ identity: ifindex === null ? name : `#${ifindex}`, name, rxBytes, txBytes, kept, inTotal }]
    })
  }
}
