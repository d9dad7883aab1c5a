/** What listens on each server: read every five minutes and when somebody asks; changes are told as events. */
import { z } from 'zod'
import { AppError } from '#contract/errors.ts'
import type { HistoryEvent } from '#contract/history.ts'
import type { ServerId } from '#contract/ids.ts'
import type { ListeningView } from '#contract/ports.ts'
import type { Capability } from '#contract/servers.ts'
import { TransportProtocol } from '#contract/vocabulary.ts'
import { ListenerWatch, type KnownListener } from '../../domain/ports/listener-changes.ts'
import { lasting, type Listening } from '../../domain/ports/listeners.ts'
import type { Clock } from '../clock.ts'
import type { Log } from '../platform/platform.ts'
import type { BlobStore } from '../storage.ts'
import { DetailBoard } from '../telemetry/detail-board.ts'
import type { LaneContext, LaneReading, LaneSession, TelemetryLane } from '../telemetry/lane.ts'
import type { PortAccess } from './port-access.ts'

export interface ListeningDeps {
  readonly access: Pick<PortAccess, 'readListening'>
  readonly blobs: BlobStore
  readonly clock: Clock
  readonly log: Log
  readonly tell: (serverId: ServerId, event: HistoryEvent, atMs: number) => void
}

const EVERY_MS = 300_000
/** While somebody looks, and while a change waits to be seen a second time. */
const CLOSER_EVERY_MS = 60_000
const FIRST_AFTER_MS = 8_000
/** Sockets of other users' processes are seen by root alone: `ls` is all that is asked with sudo. */
const PROCESSES_FIX =
  'echo "$USER ALL=(root) NOPASSWD: $(command -v ls)" | sudo tee /etc/sudoers.d/virthelm-ports'

const KeptListeners = z.array(
  z.object({
    protocol: TransportProtocol,
    address: z.string().max(64),
    port: z.int(),
    service: z.string().max(64).nullable(),
    process: z.string().max(4096).nullable()
  })
)

export class ListeningPorts {
  readonly #deps: ListeningDeps
  readonly #board = new DetailBoard<ListeningView>()
  readonly #watches = new Map<ServerId, ListenerWatch>()
  /** Of the servers that are connected. */
  readonly #readers = new Map<ServerId, () => Promise<LaneReading>>()
  readonly lane: TelemetryLane

  constructor(deps: ListeningDeps) {
    this.#deps = deps
    this.lane = {
      id: 'listening',
      firstAfterMs: FIRST_AFTER_MS,
      // It only names: which process holds which socket.
      sudoCommands: [{ program: 'ls', args: null }],
      everyMs: (serverId) =>
        this.#board.isWatched(serverId) || this.#watch(serverId).isUnsure ? CLOSER_EVERY_MS : EVERY_MS,
      open: (context) => this.#open(context),
      capabilitiesOf
    }
  }

  async load(serverId: ServerId): Promise<void> {
    const known = parsed(await this.#deps.blobs.get(nameOf(serverId)))
    if (known !== null) this.#watch(serverId).restore(known)
  }

  async forget(serverId: ServerId): Promise<void> {
    this.#board.forget(serverId)
    this.#watches.delete(serverId)
    await this.#deps.blobs.set(nameOf(serverId), null)
  }

  watch(serverId: ServerId, signal: AbortSignal): AsyncIterable<ListeningView> {
    if (this.#board.latest(serverId) === null)
      this.#board.publish(serverId, { readAtMs: null, listeners: [], leftOut: 0, processesHidden: null })
    return this.#board.watch(serverId, signal)
  }

  /** Throws disconnected, and what keeps the server from being read. */
  async readNow(serverId: ServerId): Promise<void> {
    const read = this.#readers.get(serverId)
    if (read === undefined) throw new AppError('disconnected', { retryable: true })
    await read()
  }

  #open({ serverId, tools, sudo, signal }: LaneContext): LaneSession {
    let reading: Promise<LaneReading> | null = null
    const read = (): Promise<LaneReading> => {
      // Asked for while it is being read: the same answer.
      reading ??= this.#deps.access
        .readListening({ tools, sudo: sudo(), signal })
        .then((listening) => this.#take(serverId, listening))
        .finally(() => {
          reading = null
        })
      return reading
    }
    this.#readers.set(serverId, read)
    return {
      read,
      close: () => {
        if (this.#readers.get(serverId) === read) this.#readers.delete(serverId)
      }
    }
  }

  #take(serverId: ServerId, { listeners, leftOut, allProcesses }: Listening): LaneReading {
    const { clock, tell } = this.#deps
    const atMs = clock.nowMs()
    const isHidden = !allProcesses && listeners.some(({ processMissing }) => processMissing !== null)
    this.#board.publish(serverId, {
      readAtMs: atMs,
      listeners: [...listeners],
      leftOut,
      processesHidden: isHidden ? { cause: 'permissionDenied', fix: PROCESSES_FIX } : null
    })
    // A list that was cut off says of nothing that it is gone.
    if (leftOut === 0) {
      const watch = this.#watch(serverId)
      const wasKnown = watch.known !== null
      const changes = watch.take(listeners)
      for (const change of changes) tell(serverId, { kind: 'listenerChanged', ...change }, atMs)
      if (changes.length > 0 || !wasKnown) void this.#keep(serverId, watch)
    }
    const portsListening = new Set(lasting(listeners).map(({ protocol, port }) => `${protocol}/${port}`)).size
    return {
      entities: [{ kind: 'server', key: '', values: { portsListening } }],
      capabilities: [{ id: 'listeningPorts', works: true, cause: null, fix: null }]
    }
  }

  async #keep(serverId: ServerId, watch: ListenerWatch): Promise<void> {
    const { blobs, log } = this.#deps
    try {
      await blobs.set(nameOf(serverId), new TextEncoder().encode(JSON.stringify(watch.known ?? [])))
    } catch (cause) {
      // Kept with the next change; until then a restart may tell of a change twice.
      log.error('ports.listenersNotKept', cause, { serverId })
    }
  }

  #watch(serverId: ServerId): ListenerWatch {
    const known = this.#watches.get(serverId) ?? new ListenerWatch()
    this.#watches.set(serverId, known)
    return known
  }
}

const nameOf = (serverId: ServerId): string => `ports/listening/${serverId}`

function parsed(blob: Uint8Array | null): KnownListener[] | null {
  if (blob === null) return null
  try {
    return KeptListeners.safeParse(JSON.parse(new TextDecoder().decode(blob))).data ?? null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

function capabilitiesOf({ code }: AppError): Capability[] {
  const cause =
    code === 'deadlineExceeded' ? 'stalled' : code === 'shellUnavailable' ? 'permissionDenied' : 'unreadable'
  return [{ id: 'listeningPorts', works: false, cause, fix: null }]
}
