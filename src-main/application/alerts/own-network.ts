/**
 * Whether it is the workstation that is cut off, and no server. Then nobody is blamed: when everything is lost
 * at once, and when the workstation was asleep, until the first server answers again. Pure; clocks are passed in.
 */

export type LinkNow =
  /** It is online, or was there and refused. */
  | { readonly kind: 'answers' }
  /** Nothing comes from it, since when. */
  | { readonly kind: 'lost'; readonly sinceAtMs: number }
  /** Not looked at, or not known yet. */
  | { readonly kind: 'other' }

export interface Look {
  readonly nowMs: number
  readonly monotonicMs: number
  readonly links: readonly LinkNow[]
  /** Of the newest value of any server, by the monotonic clock; null = none yet. */
  readonly newestValueMs: number | null
}

/** A link is found frozen some seconds after the cable was pulled, and not every link in the same second. */
const TOGETHER_MS = 45_000
/** A look that comes so much later than the clock says is one after a sleep. A clock that is set looks the same. */
const ASLEEP_MS = 30_000
/** After a sleep links need a while to be found dead and made anew. */
const AWAKE_WITHIN_MS = 120_000

export class OwnNetwork {
  #lostSinceAtMs: number | null = null
  #awakeMs: number | null = null
  #last: { readonly nowMs: number; readonly monotonicMs: number } | null = null

  /** null = it is there, as far as one can see. */
  get lost(): { readonly sinceAtMs: number } | null {
    return this.#lostSinceAtMs === null ? null : { sinceAtMs: this.#lostSinceAtMs }
  }

  /**
   * Looks again, at best every few seconds. `resumed`: the workstation was asleep (or its clock was set) since the last look.
   */
  look({ nowMs, monotonicMs, links, newestValueMs }: Look): { readonly resumed: boolean } {
    const resumed = this.#hasSlept(nowMs, monotonicMs)
    if (resumed) {
      this.#lostSinceAtMs ??= Math.min(this.#last?.nowMs ?? nowMs, nowMs)
      this.#awakeMs = monotonicMs
    }
    this.#last = { nowMs, monotonicMs }
    if (this.#awakeMs !== null) {
      const answered = newestValueMs !== null && newestValueMs > this.#awakeMs
      if (!answered && monotonicMs - this.#awakeMs < AWAKE_WITHIN_MS) return { resumed }
      this.#awakeMs = null
      this.#lostSinceAtMs = null
    }
    this.#lostSinceAtMs = allLostSince(links) ?? null
    return { resumed }
  }

  #hasSlept(nowMs: number, monotonicMs: number): boolean {
    if (this.#last === null) return false
    const wallMs = nowMs - this.#last.nowMs
    const ranMs = monotonicMs - this.#last.monotonicMs
    return wallMs - ranMs > ASLEEP_MS || ranMs > ASLEEP_MS
  }
}

/** When the first of at least two was lost, where nothing answers and the newest losses came together. */
function allLostSince(links: readonly LinkNow[]): number | null {
  if (links.some(({ kind }) => kind === 'answers')) return null
  const lost = links.flatMap((link) => (link.kind === 'lost' ? [link.sinceAtMs] : []))
  const newestMs = Math.max(...lost)
  // One that was off long before has nothing to do with it.
  const together = lost.filter((sinceAtMs) => newestMs - sinceAtMs <= TOGETHER_MS)
  return together.length < 2 ? null : Math.min(...together)
}
