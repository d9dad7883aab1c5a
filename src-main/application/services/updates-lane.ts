/** Pending updates: every six hours and when somebody asks; at the lowest priority, and never over the network. */
import type { ServerId } from '#contract/ids.ts'
import { MAX_UPDATES_SHOWN, type UpdatesView } from '#contract/services.ts'
import { type PackageManager } from '#contract/vocabulary.ts'
import type { Capability } from '#contract/servers.ts'
import type { Clock } from '../clock.ts'
import type { Updates } from '../../domain/services/updates.ts'
import type { LaneReading, TelemetryLane } from '../telemetry/lane.ts'
import { lacks, laneOf, nothing, ofServer, works, type ServicePart } from './service-lanes.ts'
import type { ServiceHost } from './service-host.ts'

const EVERY_MS = 6 * 3_600_000
const FIRST_AFTER_MS = 60_000
/** A pause is never shorter, whatever the clocks say. */
const LEAST_PAUSE_MS = 60_000

/** What the operator may run to let the server fetch its lists; the console never does. */
const FETCH: Readonly<Record<PackageManager, string>> = {
  apt: 'sudo apt-get update',
  dnf: 'sudo dnf makecache',
  yum: 'sudo yum makecache',
  zypper: 'sudo zypper refresh',
  pacman: 'sudo pacman -Syu',
  apk: 'sudo apk update'
}
/** A line of sudoers for exactly the command that is asked. */
const ALLOW: Readonly<Partial<Record<PackageManager, string>>> = {
  dnf: `echo "$(id -un) ALL=(root) NOPASSWD: $(command -v dnf) -q -C check-update*" | sudo tee /etc/sudoers.d/virthelm-updates`,
  yum: `echo "$(id -un) ALL=(root) NOPASSWD: $(command -v yum) -q -C *check-update*" | sudo tee /etc/sudoers.d/virthelm-updates`
}

interface LastRead {
  /** By the monotonic clock. */
  readonly readMs: number
  readonly capability: Capability
}

/** When a server was asked last: a link that flaps must not make it count its packages again and again. */
export class UpdatesMemory {
  readonly #last = new Map<ServerId, LastRead>()
  readonly #asked = new Set<ServerId>()

  /** The next reading is wanted, however young the last one is. */
  ask(serverId: ServerId): void {
    this.#asked.add(serverId)
  }

  /** What was said last, when that is good enough for now. */
  fresh(serverId: ServerId, nowMs: number): Capability | null {
    const last = this.#last.get(serverId)
    if (this.#asked.delete(serverId) || last === undefined) return null
    return nowMs - last.readMs < EVERY_MS ? last.capability : null
  }

  take(serverId: ServerId, last: LastRead): void {
    this.#last.set(serverId, last)
  }

  pauseMs(serverId: ServerId, nowMs: number): number {
    const last = this.#last.get(serverId)
    return last === undefined ? EVERY_MS : Math.max(LEAST_PAUSE_MS, EVERY_MS - (nowMs - last.readMs))
  }

  forget(serverId: ServerId): void {
    this.#last.delete(serverId)
    this.#asked.delete(serverId)
  }
}

export interface UpdatesLaneOptions {
  readonly host: ServiceHost
  readonly part: ServicePart<UpdatesView>
  readonly memory: UpdatesMemory
  readonly clock: Clock
}

export const updatesLane = ({ host, part, memory, clock }: UpdatesLaneOptions): TelemetryLane =>
  laneOf({
    id: 'updates',
    part,
    firstAfterMs: FIRST_AFTER_MS,
    everyMs: (serverId) => memory.pauseMs(serverId, clock.monotonicMs()),
    open: (context) => async (signal) => {
      const { serverId } = context
      const kept = memory.fresh(serverId, clock.monotonicMs())
      if (kept !== null) return nothing(kept)
      const atMs = clock.nowMs()
      const answer = await host.updates({ ...context, sudo: context.sudo(), signal })
      const reading =
        answer.kind === 'updates' ? readingOf(answer.updates) : nothing(whyNot(answer, context.sudo() !== ''))
      if (answer.kind === 'updates') part.board.publish(serverId, viewOf(answer.updates, atMs))
      const [capability = works('updates')] = reading.capabilities
      memory.take(serverId, { readMs: clock.monotonicMs(), capability })
      return reading
    }
  })

function whyNot(
  answer:
    | { readonly kind: 'noManager' }
    | { readonly kind: 'notListed' | 'failed' | 'denied'; readonly manager: PackageManager },
  hasSudo: boolean
): Capability {
  switch (answer.kind) {
    case 'noManager':
      return lacks('updates', 'toolMissing')
    case 'notListed':
      return lacks('updates', 'notPresent', FETCH[answer.manager])
    case 'denied':
      // With sudo allowed in the console, sudo on the server is what says no.
      return lacks(
        'updates',
        'permissionDenied',
        ALLOW[answer.manager] ?? (hasSudo ? null : FETCH[answer.manager])
      )
    case 'failed':
      return lacks('updates', 'unreadable')
  }
}

const readingOf = ({ updates }: Updates): LaneReading => ({
  entities: [ofServer({ updatesPending: updates.length })],
  capabilities: [works('updates')]
})

function viewOf(
  { manager, updates, listsAtMs, rebootRequired, rebootFor }: Updates,
  atMs: number
): UpdatesView {
  const tells = updates.some(({ security }) => security !== null) || manager === 'apt'
  const sorted = updates.toSorted(
    (one, other) =>
      Number(other.security === true) - Number(one.security === true) || (one.name < other.name ? -1 : 1)
  )
  return {
    atMs,
    manager,
    pending: updates.length,
    security: tells ? updates.filter(({ security }) => security === true).length : null,
    updates: sorted.slice(0, MAX_UPDATES_SHOWN),
    listsAtMs,
    rebootRequired,
    rebootFor: [...rebootFor]
  }
}
