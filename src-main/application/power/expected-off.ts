/**
 * That a server is off because the operator said so: its silence is no trouble then. Outlives the console; gone when the server
 * is connected again.
 */
import { ExpectedOff } from '#contract/servers.ts'
import type { ServerId } from '#contract/ids.ts'
import type { Log } from '../platform/platform.ts'
import type { BlobStore } from '../storage.ts'

export class ExpectedOffKeeper {
  readonly #serverId: ServerId
  readonly #blobs: BlobStore
  readonly #log: Log
  #now: ExpectedOff | null = null

  constructor(serverId: ServerId, { blobs, log }: { readonly blobs: BlobStore; readonly log: Log }) {
    this.#serverId = serverId
    this.#blobs = blobs
    this.#log = log
  }

  /** null = nobody asked for it to be off. */
  get now(): ExpectedOff | null {
    return this.#now
  }

  async load(): Promise<void> {
    const blob = await this.#blobs.get(this.#name)
    if (blob === null) return
    try {
      this.#now = ExpectedOff.safeParse(JSON.parse(new TextDecoder().decode(blob))).data ?? null
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
    }
  }

  set(expected: ExpectedOff): void {
    this.#now = expected
    void this.#keep(new TextEncoder().encode(JSON.stringify(expected)))
  }

  clear(): void {
    if (this.#now === null) return
    this.#now = null
    void this.#keep(null)
  }

  /** The server is no longer on the list. */
  forget(): Promise<void> {
    this.#now = null
    return this.#blobs.set(this.#name, null)
  }

  async #keep(value: Uint8Array | null): Promise<void> {
    try {
      await this.#blobs.set(this.#name, value)
    } catch (cause) {
      // It holds for this run all the same.
      this.#log.error('power.expectedOffNotKept', cause, { serverId: this.#serverId })
    }
  }

  get #name(): string {
    return `power/expectedOff/${this.#serverId}`
  }
}
