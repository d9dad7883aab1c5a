/** Disks, file systems, interfaces, threads and the traffic of the month: the subject as a whole. */
import type { Handlers } from '#contract/define.ts'
import { AppError } from '#contract/errors.ts'
import { HardwareOptions, type HardwareView, type TrafficView } from '#contract/hardware.ts'
import type { LiveTick } from '#contract/history.ts'
import type { ServerId } from '#contract/ids.ts'
import type { VirthelmContract } from '#contract/index.ts'
import type { CounterReading } from '../../domain/traffic/count-up.ts'
import { dayShare, type DayZone } from '../../domain/traffic/days.ts'
import type { Clock } from '../clock.ts'
import type { Log } from '../platform/platform.ts'
import type { HostSampling } from '../sampling/host-sampler.ts'
import type { BlobStore, HistoryStore } from '../storage.ts'
import { createTopic, type Topic } from '../streams.ts'
import type { LaneContext, TelemetryLane } from '../telemetry/lane.ts'
import { ServerOptions } from '../telemetry/server-options.ts'
import type { TelemetrySubject } from '../telemetry/telemetry.ts'
import { hardwareView } from './hardware-view.ts'
import { NewestValues } from './newest.ts'
import { NO_PARTS, PARTS_EVERY_MS, PARTS_WATCHED_MS, type PartsBoard, PartsSession } from './parts-lane.ts'
import { SMART_AGAIN_MS, SMART_EVERY_MS, type SmartBoard, SmartSession } from './smart-lane.ts'
import { TRAFFIC_NAMES, trafficRange, trafficView } from './traffic-view.ts'

type HardwareHandlers = Pick<
  Handlers<VirthelmContract>,
  Extract<keyof VirthelmContract, `hardware.${string}`>
>

export interface HardwareDeps {
  readonly blobs: BlobStore
  readonly history: Pick<HistoryStore, 'countUp' | 'dayTotals'>
  readonly clock: Clock
  readonly log: Log
  readonly zone: () => DayZone
}

/** All that is known of one server. */
interface Place {
  readonly newest: NewestValues
  readonly changed: Topic<null>
  parts: PartsBoard
  smart: SmartBoard | null
  /** While it is connected. */
  sampling: HostSampling | null
  smartSession: SmartSession | null
}

const HEALTH_DEADLINE_MS = 10 * 60_000
/** Health of disks is asked for after cards have come alive. */
const SMART_FIRST_AFTER_MS = 5_000
/** The sampler has its second frame by then, and the file systems their first reading. */
const PARTS_FIRST_AFTER_MS = 1_500

export class Hardware implements TelemetrySubject {
  readonly lanes: readonly TelemetryLane[]
  readonly #deps: HardwareDeps
  readonly #options: ServerOptions<typeof HardwareOptions>
  readonly #places = new Map<ServerId, Place>()
  readonly #counting = new Set<Promise<void>>()

  constructor(deps: HardwareDeps) {
    this.#deps = deps
    this.#options = new ServerOptions(deps.blobs, 'hardware', HardwareOptions)
    this.lanes = [this.#countedLane(), this.#partsLane(), this.#smartLane()]
  }

  async load(serverId: ServerId): Promise<void> {
    await this.#options.load(serverId)
  }

  async forget(serverId: ServerId): Promise<void> {
    await this.#options.forget(serverId)
    this.#places.delete(serverId)
  }

  async close(): Promise<void> {
    await Promise.all(this.#counting)
  }

  /** Every tick of every server passes here. */
  takeTick(tick: LiveTick): void {
    const place = this.#place(tick.serverId)
    if (place.newest.take(tick) && place.changed.readers > 0) place.changed.publish(null)
  }

  view(serverId: ServerId): HardwareView {
    const { parts, smart, newest } = this.#place(serverId)
    return hardwareView(parts, smart, newest, this.#options.get(serverId))
  }

  /** @param known throws notFound for a server that is not on the list */
  handlers(known: (serverId: ServerId) => void): HardwareHandlers {
    return {
      'hardware.watch': ({ serverId }, { signal }) => {
        known(serverId)
        return this.#watch(serverId, signal)
      },
      'hardware.readHealth': async ({ serverId }, { signal }) => {
        known(serverId)
        const session = this.#place(serverId).smartSession
        if (session === null) throw new AppError('disconnected', { retryable: true })
        await session.readNow(AbortSignal.any([signal, AbortSignal.timeout(HEALTH_DEADLINE_MS)]))
        return null
      },
      'hardware.traffic': async ({ serverId }) => {
        known(serverId)
        return this.#traffic(serverId)
      },
      'hardware.setOptions': async ({ serverId, options }) => {
        known(serverId)
        await this.#options.set(serverId, options)
        const place = this.#place(serverId)
        place.sampling?.countInterfaces(options.countedInterfaces)
        place.changed.publish(null)
        return null
      }
    }
  }

  async *#watch(serverId: ServerId, signal: AbortSignal): AsyncGenerator<HardwareView, void> {
    for await (const _change of this.#place(serverId).changed.latest(signal)) yield this.view(serverId)
  }

  async #traffic(serverId: ServerId): Promise<TrafficView> {
    const { clock, history, zone } = this.#deps
    const nowMs = clock.nowMs()
    const options = this.#options.get(serverId)
    const range = trafficRange(nowMs, zone(), options)
    const ask = (kind: 'server' | 'interface') =>
      history.dayTotals({
        serverIds: [serverId],
        kind,
        names: [...TRAFFIC_NAMES],
        fromDay: range.fromDay,
        toDay: range.today
      })
    const totals = await Promise.all([ask('server'), ask('interface')])
    return trafficView(totals.flat(), range, dayShare(nowMs, zone()), options)
  }

  /** Tells the sampler whose traffic is the server's, before the first rates. Reads nothing. */
  #countedLane(): TelemetryLane {
    return {
      id: 'hardware.counted',
      everyMs: () => 3_600_000,
      open: ({ serverId, sampling }) => {
        const place = this.#place(serverId)
        sampling.countInterfaces(this.#options.get(serverId).countedInterfaces)
        place.sampling = sampling
        return {
          read: async () => ({ entities: [], capabilities: [] }),
          close: () => {
            if (place.sampling === sampling) place.sampling = null
          }
        }
      },
      capabilitiesOf: () => []
    }
  }

  #partsLane(): TelemetryLane {
    return {
      id: 'hardware.parts',
      firstAfterMs: PARTS_FIRST_AFTER_MS,
      everyMs: (serverId) => (this.#place(serverId).changed.readers > 0 ? PARTS_WATCHED_MS : PARTS_EVERY_MS),
      open: (context) => {
        const place = this.#place(context.serverId)
        return new PartsSession(context, {
          known: () => place.parts,
          publish: (board) => {
            place.parts = board
            place.changed.publish(null)
          },
          count: (reading) => this.#count(context.serverId, reading)
        })
      },
      capabilitiesOf: () => []
    }
  }

  #smartLane(): TelemetryLane {
    return {
      id: 'hardware.smart',
      firstAfterMs: SMART_FIRST_AFTER_MS,
      sudoCommands: [{ program: 'smartctl', args: null }],
      everyMs: (serverId) => (this.#wantsMending(serverId) ? SMART_AGAIN_MS : SMART_EVERY_MS),
      open: (context) => this.#openSmart(context),
      capabilitiesOf: ({ code }) => [
        {
          id: 'smart',
          works: false,
          cause: code === 'deadlineExceeded' ? 'stalled' : 'unreadable',
          fix: null
        }
      ]
    }
  }

  #openSmart(context: LaneContext): SmartSession {
    const place = this.#place(context.serverId)
    const session = new SmartSession(context, place.smart, (board) => {
      place.smart = board
      place.changed.publish(null)
    })
    place.smartSession = session
    context.signal.addEventListener(
      'abort',
      () => {
        if (place.smartSession === session) place.smartSession = null
      },
      { once: true }
    )
    return session
  }

  #wantsMending(serverId: ServerId): boolean {
    const capability = this.#places.get(serverId)?.smart?.capability
    return capability !== undefined && !capability.works && capability.cause !== 'notPresent'
  }

  /** What cannot be kept now is in the counters of the next reading. */
  async #count(serverId: ServerId, reading: CounterReading): Promise<void> {
    const counted = this.#deps.history
      .countUp(serverId, reading, this.#deps.zone())
      .catch((cause: unknown) => {
        this.#deps.log.error('traffic.notCounted', cause, { serverId })
      })
    this.#counting.add(counted)
    await counted
    this.#counting.delete(counted)
  }

  #place(serverId: ServerId): Place {
    const known = this.#places.get(serverId)
    if (known !== undefined) return known
    const place: Place = {
      newest: new NewestValues(),
      changed: createTopic<null>(null),
      parts: NO_PARTS,
      smart: null,
      sampling: null,
      smartSession: null
    }
    this.#places.set(serverId, place)
    return place
  }
}
