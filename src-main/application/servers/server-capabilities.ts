/** What one server can tell, put together from its lanes, each entry with the time of its last answer. */
import type { Capability } from '#contract/servers.ts'
import type { Clock } from '../clock.ts'

export class ServerCapabilities {
  readonly #clock: Clock
  /** In the order in which the lanes first spoke. */
  readonly #ofLanes = new Map<string, readonly Capability[]>()

  constructor(clock: Clock) {
    this.#clock = clock
    this.take('host', [])
    this.take('libvirt', [])
  }

  /** Replaces what this lane said before. */
  take(laneId: string, capabilities: readonly Capability[]): void {
    const checkedAtMs = this.#clock.nowMs()
    this.#ofLanes.set(
      laneId,
      capabilities.map((capability) => ({ ...capability, checkedAtMs }))
    )
  }

  all(): Capability[] {
    return [...this.#ofLanes.values()].flat()
  }

  /** The login may not read something. A new login may: groups are given when one begins. */
  get isRefused(): boolean {
    return this.all().some(({ works, cause }) => !works && cause === 'permissionDenied')
  }
}
