/**
 * Which VMs' values go into the history, and why a VM has none: the gaps of single VMs. A gap says `collectionStopped`
 * while the operator wants none of it, else `notResponding` while its QEMU does not answer. A VM that is off has no gap.
 */
import { AppError } from '#contract/errors.ts'
import type { ServerId, VmUuid } from '#contract/ids.ts'
import type { GapReason } from '#contract/vocabulary.ts'
import type { Log } from '../platform/platform.ts'
import type { HistoryStore } from '../storage.ts'

type VmGapReason = Extract<GapReason, 'collectionStopped' | 'notResponding'>

/** A VM without a value for longer was not measured anyway (off, say): its gap begins where it is noticed. */
const RECENT_MS = 120_000

export interface MachineKeepingDeps {
  readonly serverId: ServerId
  readonly history: Pick<HistoryStore, 'beginGap' | 'endGap'>
  readonly log: Log
  readonly notCollected: readonly VmUuid[]
}

export class MachineKeeping {
  readonly #deps: MachineKeepingDeps
  #notCollected: ReadonlySet<VmUuid>
  #hung: ReadonlySet<VmUuid> = new Set()
  #lastRoundAtMs = 0
  /** The open gap as the history has it; null = none. Absent: not known, it may have one of an earlier run. */
  readonly #open = new Map<VmUuid, VmGapReason | null>()
  /** Up to when there are values, or a closed gap. */
  readonly #accountedUntilMs = new Map<VmUuid, number>()
  /** Gaps are written one after the other, and nobody waits for them but `settle`. */
  #turn: Promise<void> = Promise.resolve()

  constructor(deps: MachineKeepingDeps) {
    this.#deps = deps
    this.#notCollected = new Set(deps.notCollected)
  }

  isCollected(uuid: VmUuid): boolean {
    return !this.#notCollected.has(uuid)
  }

  /** Counts from the next value on; write the gaps that follow from it with `account`. */
  setNotCollected(uuids: readonly VmUuid[]): void {
    this.#notCollected = new Set(uuids)
  }

  /** At the console's start: the gaps of VMs that are not collected stand, also when it was killed before it wrote them. */
  resume(atMs: number): void {
    for (const uuid of this.#notCollected) this.account(uuid, atMs)
  }

  /** Values of these VMs are in the history. A gap that an earlier run left open ends here. */
  takeKept(uuids: readonly VmUuid[], atMs: number): void {
    for (const uuid of uuids) {
      this.#accountedUntilMs.set(uuid, atMs)
      if (!this.#open.has(uuid)) this.account(uuid, atMs)
    }
  }

  /** One round of stats: who does not answer now. */
  takeRound(notResponding: readonly VmUuid[], atMs: number): void {
    this.#lastRoundAtMs = atMs
    this.#hung = new Set(notResponding)
    for (const uuid of new Set([...this.#open.keys(), ...this.#notCollected, ...this.#hung])) {
      this.account(uuid, atMs)
    }
  }

  /** Nobody can tell any more who answers: what was known holds up to the last round. */
  loseLink(): void {
    const hung = this.#hung
    this.#hung = new Set()
    for (const uuid of hung) this.account(uuid, this.#lastRoundAtMs)
    // What comes next does not follow on the values before: the server's own gap is between them.
    this.#turn = this.#turn.then(() => this.#accountedUntilMs.clear())
  }

  /** Makes the VM's gap what it should be now. What could not be written is tried again at the next round. */
  account(uuid: VmUuid, atMs: number): void {
    if (this.#wanted(uuid) === this.#open.get(uuid)) return
    this.#turn = this.#turn.then(() => this.#write(uuid, atMs))
  }

  /** Resolves when all gaps are written. Never rejects. */
  settle(): Promise<void> {
    return this.#turn
  }

  #wanted(uuid: VmUuid): VmGapReason | null {
    if (this.#notCollected.has(uuid)) return 'collectionStopped'
    return this.#hung.has(uuid) ? 'notResponding' : null
  }

  async #write(uuid: VmUuid, atMs: number): Promise<void> {
    const { serverId, history, log } = this.#deps
    const wanted = this.#wanted(uuid)
    const open = this.#open.get(uuid)
    if (wanted === open) return
    try {
      const isLeftOver = open === undefined && wanted === null
      if (isLeftOver || (open !== undefined && open !== null)) {
        await history.endGap(serverId, atMs, uuid)
        this.#accountedUntilMs.set(uuid, atMs)
        this.#open.set(uuid, null)
      }
      if (wanted === null) return
      const sinceMs = this.#accountedUntilMs.get(uuid) ?? 0
      await history.beginGap(serverId, atMs - sinceMs < RECENT_MS ? sinceMs : atMs, wanted, uuid)
      this.#open.set(uuid, wanted)
    } catch (cause) {
      if (cause instanceof AppError && cause.code === 'diskFull') return
      log.error('history.gapFailed', cause, { serverId, vmUuid: uuid, reason: wanted ?? 'none' })
    }
  }
}
