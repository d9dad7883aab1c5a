/**
 * Bounds what one server can put on the time axis: a link or a VM that flaps for days must not fill the history. Within
 * the budget a mark goes at once. Beyond it the newest one per subject is held until there is room, merged with what it
 * follows, so that the last mark of a subject always tells how it is now. Pure.
 */
import type { HistoryEvent, HistoryMark } from '#contract/history.ts'

/** A whole host of VMs may stop and start at once. */
const BURST = 1_000
const REFILL_EVERY_MS = 10_000
/** Beyond so many subjects the longest held mark is dropped. */
const MAX_HELD = 1_000

export class MarkBudget {
  #left = BURST
  #refilledMs: number | null = null
  /** By subject, in order of their first held mark. */
  readonly #held = new Map<string, HistoryMark>()

  /** The marks to keep now: this one, or none while it has to wait. @param nowMs monotonic */
  take(mark: HistoryMark, nowMs: number): HistoryMark[] {
    this.#refill(nowMs)
    if (this.#left > 0 && this.#held.size === 0) {
      this.#left--
      return [mark]
    }
    this.#hold(subjectOf(mark.event), mark)
    return this.due(nowMs)
  }

  /** Held marks for which there is room now. */
  due(nowMs: number): HistoryMark[] {
    this.#refill(nowMs)
    const marks: HistoryMark[] = []
    for (const [subject, mark] of this.#held) {
      if (this.#left === 0) break
      this.#left--
      this.#held.delete(subject)
      marks.push(mark)
    }
    return marks
  }

  /** All that is held, room or not: the console ends. */
  drain(): HistoryMark[] {
    const marks = [...this.#held.values()]
    this.#held.clear()
    return marks
  }

  #refill(nowMs: number): void {
    this.#refilledMs ??= nowMs
    const parts = Math.floor((nowMs - this.#refilledMs) / REFILL_EVERY_MS)
    this.#refilledMs += parts * REFILL_EVERY_MS
    this.#left = Math.min(BURST, this.#left + parts)
  }

  #hold(subject: string, mark: HistoryMark): void {
    const held = this.#held.get(subject)
    if (held === undefined) {
      this.#held.set(subject, mark)
      const oldest = this.#held.keys().next().value
      if (this.#held.size > MAX_HELD && oldest !== undefined) this.#held.delete(oldest)
      return
    }
    const merged = mergedEvent(held.event, mark.event)
    if (merged === null) this.#held.delete(subject)
    else this.#held.set(subject, { ...mark, event: merged })
  }
}

/** Marks of one subject follow each other; a later one makes an earlier one old. */
function subjectOf(event: HistoryEvent): string {
  switch (event.kind) {
    case 'machineState':
      return `state ${event.vmUuid}`
    case 'serverOnline':
    case 'serverOffline':
      return 'link'
    case 'serverRebooted':
      return 'boot'
    case 'collectingStarted':
    case 'collectingStopped':
      return `collecting ${event.vmUuid ?? ''}`
    case 'portChanged':
      return `port ${event.origin} ${event.port}`
    case 'listenerChanged':
      return `listener ${event.protocol} ${event.address} ${event.port}`
    case 'alertRaised':
    case 'alertRecovered':
      return `alert ${event.alertId}`
  }
}

/** Both as one; null when the second takes back what the first said. */
function mergedEvent(first: HistoryEvent, second: HistoryEvent): HistoryEvent | null {
  if (first.kind === 'machineState' && second.kind === 'machineState') {
    return first.from === second.to ? null : { ...second, from: first.from }
  }
  if (first.kind === 'portChanged' && second.kind === 'portChanged') {
    return first.from === second.to ? null : { ...second, from: first.from }
  }
  if (first.kind === 'listenerChanged' && second.kind === 'listenerChanged') {
    return first.listens === second.listens ? second : null
  }
  return first.kind === second.kind ? second : null
}
