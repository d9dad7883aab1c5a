/** Changes of servers' records, one after another for each server, so that none is lost in another. */
import type { ServerId } from '#contract/ids.ts'

export class Turns {
  /** The last change of each server: the next one waits for it. */
  readonly #last = new Map<ServerId, Promise<unknown>>()

  /** Runs a change after those that were asked for before for any of these servers. */
  run<T>(serverIds: readonly ServerId[], change: () => Promise<T>): Promise<T> {
    const before = Promise.allSettled(serverIds.flatMap((serverId) => this.#last.get(serverId) ?? []))
    const turn = before.then(change)
    for (const serverId of serverIds) this.#last.set(serverId, turn)
    const done = (): void => {
      for (const serverId of serverIds) {
        if (this.#last.get(serverId) === turn) this.#last.delete(serverId)
      }
    }
    turn.then(done, done)
    return turn
  }
}
