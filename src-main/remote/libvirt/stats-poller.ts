/**
 * Bulk stats with isolation of hung VMs (docs/libvirt.md). domstats asks each QEMU's monitor in turn and never comes
 * back from one that does not answer; domcontrol tells which one that is and never blocks.
 */
import { AppError } from '#contract/errors.ts'
import { VmUuid } from '#contract/ids.ts'
import { type ControlState, parseDomcontrol } from '../../domain/libvirt/domcontrol.ts'
import type { StateAndReason } from '../../domain/libvirt/domain-state.ts'
import { type ListedDomain, stableNames } from '../../domain/libvirt/listing.ts'
import type { DiskSpace } from '../../domain/libvirt/vm-values.ts'
import type { Clock } from '../../application/clock.ts'
import type { StatsRound } from '../../application/machines/hypervisor.ts'
import type { Log } from '../../application/platform/platform.ts'
import type { LaneHolder } from './lane-holder.ts'
import { LISTING, listingOf, type MachineCatalogue } from './machine-catalogue.ts'
import { StatsDeriver } from './stats-deriver.ts'
import type { VirshAnswer } from './virsh-lane.ts'

export type StatsTier = 'fast' | 'full'

const GROUPS: Readonly<Record<StatsTier, string>> = {
  fast: '--state --cpu-total --interface',
  full: '--state --cpu-total --interface --balloon --block'
}

/** A monitor that is busy for so long while we wait for it is taken for hung. */
const HUNG_AFTER_MS = 800
/** domcontrol, list and dumpxml answer in milliseconds; when they do not, libvirtd itself is stuck. */
const SAFE_DEADLINE_MS = 3_000
/** The monitor call's deadline: short, so that a tick is not lost to a hung VM; longer on hosts that are slower. */
const MIN_DEADLINE_MS = 1_500
const MAX_DEADLINE_MS = 4_000
const DEADLINE_FACTOR = 8
/** VMs that hang at the same time are found one after another, as many per round as still fits a tick. */
const MAX_TRIES = 2
/** Rounds in a row without an answer after which somebody should know. */
const MAX_SLOW_ROUNDS = 3

interface Reading {
  readonly listing: readonly ListedDomain[]
  readonly names: ReadonlyMap<string, ListedDomain>
  readonly stats: VirshAnswer
  readonly atMs: number
}

export class StatsPoller {
  readonly #lane: LaneHolder
  readonly #catalogue: MachineCatalogue
  readonly #clock: Clock
  readonly #log: Log
  readonly #deriver: StatsDeriver
  /** UUIDs of VMs whose monitor does not answer. No monitor call touches them until domcontrol clears them. */
  readonly #hung = new Set<string>()
  #checkedAtStart = false
  #slowestMs = 0
  #slowRounds = 0

  constructor(lane: LaneHolder, catalogue: MachineCatalogue, clock: Clock, log: Log) {
    this.#lane = lane
    this.#catalogue = catalogue
    this.#clock = clock
    this.#log = log
    this.#deriver = new StatsDeriver(catalogue)
  }

  isHung(uuid: string): boolean {
    return this.#hung.has(uuid)
  }

  /** State as the last round saw it; null before. */
  stateOf(uuid: string): StateAndReason | null {
    return this.#deriver.stateOf(uuid)
  }

  spacesOf(uuid: string): ReadonlyMap<string, DiskSpace> {
    return this.#deriver.spacesOf(uuid)
  }

  /**
   * One round; not to be called again before it has ended.
   * @throws AppError deadlineExceeded (too slow for several rounds), libvirtDaemonDown, cancelled, …
   */
  async round(tier: StatsTier, signal: AbortSignal): Promise<StatsRound> {
    await this.#findHungAtStart(signal)
    for (let attempt = 1; ; attempt++) {
      try {
        const reading =
          this.#hung.size === 0 ? await this.#readAll(tier, signal) : await this.#readHealthy(tier, signal)
        this.#slowRounds = 0
        await this.#catalogue.refresh(reading.listing, signal)
        return { machines: this.#deriver.derive(tier, reading), notResponding: this.#hungUuids() }
      } catch (error) {
        if (!isDeadline(error)) throw error
        const found = await this.#findHung(signal)
        if (!found) this.#takeForSlow(error)
        // What is left of the tick is a gap; the next one goes on from here.
        if (!found || attempt === MAX_TRIES) return { machines: [], notResponding: this.#hungUuids() }
      }
    }
  }

  /** Every monitor is free, and still there was no answer: the host is slow, and gets more time at the next tick. */
  #takeForSlow(error: unknown): void {
    this.#slowestMs = MAX_DEADLINE_MS
    if (++this.#slowRounds >= MAX_SLOW_ROUNDS) throw error
    this.#log.warn('libvirt.statsSlow', { rounds: this.#slowRounds })
  }

  /** Everything in one request: the lists around the stats tell which name belonged to which UUID. */
  async #readAll(tier: StatsTier, signal: AbortSignal): Promise<Reading> {
    return this.#read([LISTING, `domstats --raw --nowait ${GROUPS[tier]}`, LISTING], signal)
  }

  /** Asks domcontrol about the hung ones, then the stats of all others by UUID. */
  async #readHealthy(tier: StatsTier, signal: AbortSignal): Promise<Reading> {
    const listing = await this.#recheckHung(signal)
    if (this.#hung.size === 0) return this.#readAll(tier, signal)
    const healthy = listing.filter(({ uuid, id }) => id !== null && !this.#hung.has(uuid))
    const uuids = healthy.map(({ uuid }) => uuid).join(' ')
    // Without a name domstats would take all domains, the hung ones too.
    const stats = uuids === '' ? 'echo' : `domstats --raw --nowait ${GROUPS[tier]} ${uuids}`
    return this.#read([LISTING, stats, LISTING], signal)
  }

  async #read(commands: readonly string[], signal: AbortSignal): Promise<Reading> {
    const deadlineMs = Math.min(MAX_DEADLINE_MS, Math.max(MIN_DEADLINE_MS, this.#slowestMs * DEADLINE_FACTOR))
    const startedMs = this.#clock.monotonicMs()
    const [before, stats, after] = await this.#lane.call(commands, { signal, deadlineMs })
    const endedMs = this.#clock.monotonicMs()
    this.#slowestMs = Math.max(endedMs - startedMs, this.#slowestMs * 0.95)
    const listing = listingOf(after)
    if (stats === undefined || (stats.error !== '' && stats.output.trim() === ''))
      throw new AppError('libvirtFailed', { params: { stderr: stats?.error ?? '' }, retryable: true })
    return { listing, names: stableNames(listingOf(before), listing), stats, atMs: (startedMs + endedMs) / 2 }
  }

  /** A VM that hung before this session began still holds libvirtd's worker: it must not get a second one. */
  async #findHungAtStart(signal: AbortSignal): Promise<void> {
    if (this.#checkedAtStart) return
    await this.#findHung(signal)
    this.#checkedAtStart = true
  }

  /** Looks at every running VM's monitor. Returns whether another hung one was found. */
  async #findHung(signal: AbortSignal): Promise<boolean> {
    const listing = await this.#safely([LISTING], signal)
    const running = listingOf(listing[0]).filter(({ id, uuid }) => id !== null && !this.#hung.has(uuid))
    const states = await this.#controlStates(running, signal)
    const found = running.filter(({ uuid }) => isHungState(states.get(uuid)))
    for (const { uuid } of found) {
      this.#hung.add(uuid)
      this.#log.warn('libvirt.vmNotResponding', { vmUuid: uuid })
    }
    return found.length > 0
  }

  async #recheckHung(signal: AbortSignal): Promise<readonly ListedDomain[]> {
    const answers = await this.#safely([LISTING], signal)
    const listing = listingOf(answers[0])
    const running = new Map(listing.filter(({ id }) => id !== null).map((domain) => [domain.uuid, domain]))
    const hung = [...this.#hung].flatMap((uuid) => running.get(uuid) ?? [])
    const states = await this.#controlStates(hung, signal)
    for (const uuid of this.#hung) {
      const state = states.get(uuid)
      if (state?.kind === 'occupied') continue
      this.#hung.delete(uuid)
      this.#log.info('libvirt.vmRespondsAgain', { vmUuid: uuid, control: state?.kind ?? 'off' })
    }
    return listing
  }

  async #controlStates(
    domains: readonly ListedDomain[],
    signal: AbortSignal
  ): Promise<ReadonlyMap<string, ControlState>> {
    if (domains.length === 0) return new Map()
    const answers = await this.#safely(
      domains.map(({ uuid }) => `domcontrol ${uuid}`),
      signal
    )
    return new Map(domains.map(({ uuid }, index) => [uuid, parseDomcontrol(answers[index]?.output ?? '')]))
  }

  /** Commands that never wait for a QEMU: when they do not answer, the daemon does not. */
  async #safely(commands: readonly string[], signal: AbortSignal): Promise<readonly VirshAnswer[]> {
    try {
      return await this.#lane.call(commands, { signal, deadlineMs: SAFE_DEADLINE_MS })
    } catch (error) {
      if (!isDeadline(error)) throw error
      throw new AppError('libvirtDaemonDown', { params: { stderr: '' }, retryable: true, cause: error })
    }
  }

  #hungUuids(): readonly VmUuid[] {
    return [...this.#hung].map((uuid) => VmUuid.parse(uuid))
  }
}

export const isDeadline = (error: unknown): boolean =>
  error instanceof AppError && error.code === 'deadlineExceeded'

const isHungState = (state: ControlState | undefined): boolean =>
  state?.kind === 'occupied' && state.forMs >= HUNG_AFTER_MS
