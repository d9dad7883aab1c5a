/** Rung when a lane is wanted before its time: somebody opened its page, pressed "read now", or changed what it shows. */
import type { ServerId } from '#contract/ids.ts'

interface Place {
  rung: boolean
  wake: (() => void) | null
  readonly waiting: Set<() => void>
}

export class LaneBell {
  readonly #places = new Map<ServerId, Place>()

  /** The lane reads as soon as it can. Resolves when a reading that began after this has ended, or when the signal aborts. */
  ring(serverId: ServerId, signal: AbortSignal): Promise<void> {
    const place = this.#place(serverId)
    place.rung = true
    place.wake?.()
    return new Promise((resolve) => {
      const done = (): void => {
        place.waiting.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      if (signal.aborted) resolve()
      else {
        place.waiting.add(done)
        signal.addEventListener('abort', done, { once: true })
      }
    })
  }

  /** For `TelemetryLane.wanted`. */
  async next(serverId: ServerId, signal: AbortSignal): Promise<void> {
    const place = this.#place(serverId)
    if (place.rung || signal.aborted) return
    await new Promise<void>((resolve) => {
      place.wake = resolve
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
    place.wake = null
  }

  /** Around a reading: who rings meanwhile gets one of their own. Whatever comes of it, who waited for it goes on. */
  async answering<T>(serverId: ServerId, read: () => Promise<T>): Promise<T> {
    const place = this.#place(serverId)
    place.rung = false
    const waiting = [...place.waiting]
    try {
      return await read()
    } finally {
      for (const done of waiting) done()
    }
  }

  forget(serverId: ServerId): void {
    const place = this.#places.get(serverId)
    this.#places.delete(serverId)
    for (const done of place?.waiting ?? []) done()
  }

  #place(serverId: ServerId): Place {
    const known = this.#places.get(serverId)
    if (known !== undefined) return known
    const place: Place = { rung: false, wake: null, waiting: new Set() }
    this.#places.set(serverId, place)
    return place
  }
}
