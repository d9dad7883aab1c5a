/** Where each server stands in its network: learned while it is on, for the time when it is off. */
import type { ServerId } from '#contract/ids.ts'
import { LanIdentity } from '#contract/switching.ts'
import type { Clock } from '../clock.ts'
import type { Log } from '../platform/platform.ts'
import type { BlobStore } from '../storage.ts'
import type { LaneContext, LaneSession, TelemetryLane } from '../telemetry/lane.ts'
import type { PortAccess } from '../ports/port-access.ts'

export interface LanMemoryDeps {
  readonly access: Pick<PortAccess, 'readLan'>
  readonly blobs: BlobStore
  readonly clock: Clock
  readonly log: Log
}

/** It hardly ever changes; once per connection is nearly enough. */
const EVERY_MS = 6 * 3_600_000
const FIRST_AFTER_MS = 12_000

export class LanMemory {
  readonly #deps: LanMemoryDeps
  readonly #known = new Map<ServerId, LanIdentity>()
  readonly lane: TelemetryLane

  constructor(deps: LanMemoryDeps) {
    this.#deps = deps
    this.lane = {
      id: 'lan',
      firstAfterMs: FIRST_AFTER_MS,
      everyMs: () => EVERY_MS,
      open: (context) => this.#open(context),
      // It is no value of the server: what it lacks is said where it is needed.
      capabilitiesOf: () => []
    }
  }

  async load(serverId: ServerId): Promise<void> {
    const blob = await this.#deps.blobs.get(nameOf(serverId))
    if (blob === null) return
    try {
      const learned = LanIdentity.safeParse(JSON.parse(new TextDecoder().decode(blob))).data
      if (learned !== undefined) this.#known.set(serverId, learned)
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
    }
  }

  async forget(serverId: ServerId): Promise<void> {
    this.#known.delete(serverId)
    await this.#deps.blobs.set(nameOf(serverId), null)
  }

  of(serverId: ServerId): LanIdentity | null {
    return this.#known.get(serverId) ?? null
  }

  /** The address of the interface that its default route goes through, else of the first that has one. */
  addressOf(serverId: ServerId): string | null {
    return this.of(serverId)?.interfaces.find(({ address }) => address !== null)?.address ?? null
  }

  #open({ serverId, tools, sudo, signal }: LaneContext): LaneSession {
    return {
      read: async () => {
        const interfaces = await this.#deps.access.readLan({ tools, sudo: sudo(), signal })
        await this.#take(serverId, { learnedAtMs: this.#deps.clock.nowMs(), interfaces: [...interfaces] })
        return { entities: [], capabilities: [] }
      },
      close: () => undefined
    }
  }

  async #take(serverId: ServerId, learned: LanIdentity): Promise<void> {
    // A server whose interfaces cannot be read (a container) must not make forget what was learned before.
    if (learned.interfaces.length === 0) return
    this.#known.set(serverId, learned)
    try {
      await this.#deps.blobs.set(nameOf(serverId), new TextEncoder().encode(JSON.stringify(learned)))
    } catch (cause) {
      this.#deps.log.error('power.lanNotKept', cause, { serverId })
    }
  }
}

const nameOf = (serverId: ServerId): string => `power/lan/${serverId}`
