/**
 * What came to listen and what no longer does, from one reading to the next. A change is told when two readings in a row agree
 * on it: services that restart, and sockets that live for a moment, are no news. Pure.
 */
import { lasting, placeOf, type ListeningSocket } from './listeners.ts'

/** What is kept of a listener to tell of it when it is gone. */
export interface KnownListener {
  readonly protocol: ListeningSocket['protocol']
  readonly address: string
  readonly port: number
  readonly service: string | null
  readonly process: string | null
}

export interface ListenerChange extends KnownListener {
  readonly listens: boolean
}

/** A server with more that changes at once has been set up anew: what is told of it stays readable. */
const MAX_CHANGES = 200

export class ListenerWatch {
  /** What was told, or stood there at the first reading. null = never read. */
  #settled: Map<string, KnownListener> | null = null
  /** Seen once, otherwise than settled. */
  #doubtful = new Set<string>()

  /** True while a change waits for a second reading. */
  get isUnsure(): boolean {
    return this.#doubtful.size > 0
  }

  /** Of an earlier run of the console. */
  restore(known: readonly KnownListener[]): void {
    this.#settled = new Map(known.map((listener) => [placeOf(listener), listener]))
  }

  /** null = nothing was read yet. */
  get known(): readonly KnownListener[] | null {
    return this.#settled === null ? null : [...this.#settled.values()]
  }

  /** Only a whole list may be given: what is left out of it would count as gone. */
  take(listeners: readonly ListeningSocket[]): ListenerChange[] {
    const now = new Map(lasting(listeners).map((listener) => [placeOf(listener), knownOf(listener)]))
    if (this.#settled === null) {
      this.#settled = now
      return []
    }
    const changes: ListenerChange[] = []
    const doubtful = new Set<string>()
    const consider = (place: string, change: ListenerChange, settle: () => void): void => {
      if (!this.#doubtful.has(place)) doubtful.add(place)
      else {
        settle()
        changes.push(change)
      }
    }
    const settled = this.#settled
    for (const [place, listener] of now) {
      if (settled.has(place)) settled.set(place, listener)
      else consider(place, { ...listener, listens: true }, () => settled.set(place, listener))
    }
    for (const [place, listener] of [...settled]) {
      if (!now.has(place)) consider(place, { ...listener, listens: false }, () => settled.delete(place))
    }
    this.#doubtful = doubtful
    return changes.slice(0, MAX_CHANGES)
  }
}

function knownOf({ protocol, address, port, service, process, unit }: ListeningSocket): KnownListener {
  return { protocol, address, port, service, process: process?.name ?? unit }
}
