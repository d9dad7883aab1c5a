/** The newest detail of each server (its processes, its users, its units), for windows that look at it. */
import type { ServerId } from '#contract/ids.ts'
import { createTopic, type Topic } from '../streams.ts'

interface Place<T> {
  readonly topic: Topic<T>
  newest: T | null
}

/** One board per kind of detail; lanes publish, streams watch. */
export class DetailBoard<T> {
  readonly #places = new Map<ServerId, Place<T>>()

  publish(serverId: ServerId, detail: T): void {
    const place = this.#place(serverId)
    place.newest = detail
    place.topic.publish(detail)
  }

  /** null until the first reading in this run. Stays when the server goes off: readers show how old it is. */
  latest(serverId: ServerId): T | null {
    return this.#places.get(serverId)?.newest ?? null
  }

  /** The newest detail, if there is one, then each newer one; what is not taken in time is dropped. */
  watch(serverId: ServerId, signal: AbortSignal): AsyncIterable<T> {
    return this.#place(serverId).topic.latest(signal)
  }

  /** True while a window looks at it: a lane may read more, or more often, then. */
  isWatched(serverId: ServerId): boolean {
    return (this.#places.get(serverId)?.topic.readers ?? 0) > 0
  }

  /** The server is no longer on the list. */
  forget(serverId: ServerId): void {
    this.#places.delete(serverId)
  }

  #place(serverId: ServerId): Place<T> {
    const known = this.#places.get(serverId)
    if (known !== undefined) return known
    const place: Place<T> = { topic: createTopic<T>(), newest: null }
    this.#places.set(serverId, place)
    return place
  }
}
