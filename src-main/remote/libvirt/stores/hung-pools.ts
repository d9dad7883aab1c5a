/**
 * Which pools do not answer. A question that libvirt has taken and cannot answer holds one of its few workers, and while the
 * pool's lock is held, libvirt's list of pools waits too: so a pool that hangs is asked again with growing pauses.
 */
import type { Clock } from '../../../application/clock.ts'

const FIRST_PAUSE_MS = 20_000
const LONGEST_PAUSE_MS = 10 * 60_000

interface Hang {
  readonly sinceAtMs: number
  readonly pauseMs: number
  readonly nextTryMs: number
  /** libvirt itself was asked and is waiting; otherwise only the folder was looked at. */
  readonly inLibvirt: boolean
}

export class HungPools {
  readonly #clock: Pick<Clock, 'nowMs' | 'monotonicMs'>
  readonly #hangs = new Map<string, Hang>()

  constructor(clock: Pick<Clock, 'nowMs' | 'monotonicMs'>) {
    this.#clock = clock
  }

  sinceAtMs(key: string): number | null {
    return this.#hangs.get(key)?.sinceAtMs ?? null
  }

  /** Whether it may be asked now. */
  mayAsk(key: string): boolean {
    const hang = this.#hangs.get(key)
    return hang === undefined || this.#clock.monotonicMs() >= hang.nextTryMs
  }

  /** Whether it may be asked because the operator wants to know: not while libvirt still holds an earlier question. */
  mayAskAgain(key: string): boolean {
    return this.mayAsk(key) || this.#hangs.get(key)?.inLibvirt !== true
  }

  /** Whether libvirt waits for any of them, so that its list of pools would wait too. */
  get libvirtWaits(): boolean {
    return [...this.#hangs.values()].some((hang) => hang.inLibvirt)
  }

  hangs(key: string, inLibvirt: boolean): void {
    const known = this.#hangs.get(key)
    const pauseMs = known === undefined ? FIRST_PAUSE_MS : Math.min(known.pauseMs * 2, LONGEST_PAUSE_MS)
    this.#hangs.set(key, {
      sinceAtMs: known?.sinceAtMs ?? this.#clock.nowMs(),
      pauseMs,
      nextTryMs: this.#clock.monotonicMs() + pauseMs,
      inLibvirt: inLibvirt || known?.inLibvirt === true
    })
  }

  answers(key: string): void {
    this.#hangs.delete(key)
  }
}
