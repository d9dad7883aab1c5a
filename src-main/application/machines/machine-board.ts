/** What is known of the VMs of one server; survives reconnects, so that names and last states stay readable. */
import type { ServerId, VmUuid } from '#contract/ids.ts'
import type { MachineNow, MachineView } from '#contract/machines.ts'
import type { MetricValues } from '#contract/metric-catalogue.ts'
import type { MachineListing, MachineStats, StatsRound } from './hypervisor.ts'

export interface BoardChange {
  readonly changed: readonly MachineView[]
  readonly removed: readonly VmUuid[]
}

/** Balloon and block values come every 30 s; older than this they are no longer "now". */
const SLOW_VALUES_KEPT_MS = 90_000

interface Held {
  view: MachineView
  /** Newest value of each metric with its time. */
  readonly values: Map<string, { value: number; atMs: number }>
}

const RUNNING_STATES: ReadonlySet<MachineView['state']> = new Set(['running', 'blocked', 'shuttingDown'])

export class MachineBoard {
  readonly #serverId: ServerId
  readonly #isCollected: (uuid: VmUuid) => boolean
  readonly #machines = new Map<VmUuid, Held>()
  /** null until the first list ever. */
  #listed = false

  constructor(serverId: ServerId, isCollected: (uuid: VmUuid) => boolean) {
    this.#serverId = serverId
    this.#isCollected = isCollected
  }

  views(): MachineView[] {
    return [...this.#machines.values()].map((held) => held.view)
  }

  view(uuid: VmUuid): MachineView | null {
    return this.#machines.get(uuid)?.view ?? null
  }

  /** null = never listed: "—", not 0. */
  counts(): { running: number; total: number } | null {
    if (!this.#listed) return null
    let running = 0
    for (const { view } of this.#machines.values()) if (RUNNING_STATES.has(view.state)) running++
    return { running, total: this.#machines.size }
  }

  /** Takes a full list; says what changed, and which names are new (labels for the history). */
  takeList(
    listings: readonly MachineListing[],
    atMs: number
  ): BoardChange & { named: readonly { uuid: VmUuid; name: string }[] } {
    this.#listed = true
    const changed: MachineView[] = []
    const named: { uuid: VmUuid; name: string }[] = []
    const seen = new Set<VmUuid>()
    for (const listing of listings) {
      seen.add(listing.uuid)
      const held = this.#machines.get(listing.uuid)
      if (held?.view.name !== listing.name) named.push({ uuid: listing.uuid, name: listing.name })
      const view = this.#viewOf(listing, held?.view ?? null, atMs)
      if (held) {
        if (JSON.stringify(held.view) === JSON.stringify(view)) continue
        held.view = view
      } else {
        this.#machines.set(listing.uuid, { view, values: new Map() })
      }
      changed.push(view)
    }
    const removed = [...this.#machines.keys()].filter((uuid) => !seen.has(uuid))
    for (const uuid of removed) this.#machines.delete(uuid)
    return { changed, removed, named }
  }

  /** Takes a round of stats: newest values, and who does not answer. */
  takeStats(round: StatsRound, atMs: number): readonly MachineView[] {
    const changed: MachineView[] = []
    for (const stats of round.machines) {
      const held = this.#machines.get(stats.uuid)
      if (!held) continue
      held.view = { ...held.view, notRespondingSinceAtMs: null, now: newest(held, stats, atMs) }
      changed.push(held.view)
    }
    for (const uuid of round.notResponding) {
      const held = this.#machines.get(uuid)
      if (!held || held.view.notRespondingSinceAtMs !== null) continue
      held.view = { ...held.view, notRespondingSinceAtMs: atMs }
      changed.push(held.view)
    }
    return changed
  }

  /** Its collecting was started or stopped. null = not listed now. */
  takeCollecting(uuid: VmUuid): MachineView | null {
    const held = this.#machines.get(uuid)
    if (!held) return null
    held.view = { ...held.view, collecting: this.#isCollected(uuid) }
    return held.view
  }

  #viewOf(listing: MachineListing, before: MachineView | null, atMs: number): MachineView {
    const runs = RUNNING_STATES.has(listing.state)
    return {
      ref: { serverId: this.#serverId, vmUuid: listing.uuid },
      name: listing.name,
      state: listing.state,
      stateReason: listing.stateReason,
      stateSinceAtMs: before?.state === listing.state ? before.stateSinceAtMs : atMs,
      autostart: listing.autostart,
      persistent: listing.persistent,
      hasSnapshot: listing.hasSnapshot,
      hasSavedState: listing.hasSavedState,
      needsShutdown: listing.needsShutdown,
      isProtected: listing.isProtected,
      vcpus: listing.vcpus,
      memoryMaxBytes: listing.memoryMaxBytes,
      template: listing.template,
      tags: [...listing.tags],
      collecting: this.#isCollected(listing.uuid),
      notRespondingSinceAtMs: runs ? (before?.notRespondingSinceAtMs ?? null) : null,
      // A VM that is off has no "now"; its past is in the history.
      now: runs || listing.state === 'paused' ? (before?.now ?? null) : null
    }
  }
}

function newest(held: Held, stats: MachineStats, atMs: number): MachineNow {
  for (const [metric, value] of Object.entries(stats.values.values)) held.values.set(metric, { value, atMs })
  const valueOf = (metric: keyof MetricValues<'vm'>): number | null => {
    const entry = held.values.get(metric)
    return entry && atMs - entry.atMs <= SLOW_VALUES_KEPT_MS ? entry.value : null
  }
  const memoryUsedRatio = valueOf('memoryUsedRatio')
  return {
    atMs,
    cpuUsedRatio: valueOf('cpuUsedRatio'),
    memoryUsedBytes: valueOf('memoryUsedBytes'),
    memoryBalloonBytes: valueOf('memoryBalloonBytes'),
    memoryUsedRatio,
    memoryUnknown:
      stats.memoryUnknown ?? (memoryUsedRatio === null ? (held.view.now?.memoryUnknown ?? null) : null),
    diskUsedRatio: valueOf('diskUsedRatio'),
    diskAllocationBytes: valueOf('diskAllocationBytes'),
    diskCapacityBytes: valueOf('diskCapacityBytes'),
    diskReadBytesPerSec: valueOf('diskReadBytesPerSec'),
    diskWriteBytesPerSec: valueOf('diskWriteBytesPerSec'),
    netRxBytesPerSec: valueOf('netRxBytesPerSec'),
    netTxBytesPerSec: valueOf('netTxBytesPerSec')
  }
}
