/** Keeps an outbox between runs: a blob per channel, written whole, at most one write at a time. */
import type { ChannelId } from '#contract/ids.ts'
import type { Log } from '../platform/platform.ts'
import type { BlobStore } from '../storage.ts'
import { OutboxState } from './outbox.ts'

export class OutboxKeeper {
  readonly #name: string
  readonly #channelId: ChannelId
  readonly #blobs: BlobStore
  readonly #log: Log
  #dirty = false
  #writing: Promise<void> = Promise.resolve()
  #next: Promise<void> | null = null

  constructor(channelId: ChannelId, deps: { readonly blobs: BlobStore; readonly log: Log }) {
    this.#name = `alert-channel-outbox:${channelId}`
    this.#channelId = channelId
    this.#blobs = deps.blobs
    this.#log = deps.log
  }

  async load(): Promise<OutboxState | null> {
    const blob = await this.#blobs.get(this.#name)
    if (blob === null) return null
    try {
      return OutboxState.parse(JSON.parse(new TextDecoder().decode(blob)))
    } catch (cause) {
      // Of a newer console, or damaged: what waited is lost, but no alert may keep the console from starting.
      this.#log.error('channels.outboxUnreadable', cause, { channelId: this.#channelId })
      return null
    }
  }

  /** There is something new to keep. */
  touch(): void {
    this.#dirty = true
  }

  /** Resolves when all that was touched before is on the disk. Calls that come during a write share the next. */
  flush(state: () => OutboxState): Promise<void> {
    if (this.#next !== null) return this.#next
    if (!this.#dirty) return this.#writing
    const next = this.#writing
      // That failure was told to those who waited for it; this write holds what it should have kept.
      .catch(() => undefined)
      .then(() => {
        this.#next = null
        this.#writing = this.#write(state)
        return this.#writing
      })
    this.#next = next
    return next
  }

  async forget(): Promise<void> {
    this.#dirty = false
    // Whether it could be written no longer matters: it goes.
    await this.#writing.catch(() => undefined)
    await this.#blobs.set(this.#name, null)
  }

  async #write(state: () => OutboxState): Promise<void> {
    this.#dirty = false
    try {
      await this.#blobs.set(this.#name, new TextEncoder().encode(JSON.stringify(state())))
    } catch (error) {
      this.#dirty = true
      throw error
    }
  }
}
