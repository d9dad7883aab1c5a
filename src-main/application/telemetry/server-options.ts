/** What the operator chose for one subject of one server (a scan plan, watched patterns, log paths), kept as JSON blobs. */
import type { z } from 'zod'
import type { ServerId } from '#contract/ids.ts'
import type { BlobStore } from '../storage.ts'

const MAX_BYTES = 1024 * 1024

/** The name under which they are kept. */
export const optionsBlob = (subject: string, serverId: ServerId): string => `options/${subject}/${serverId}`

export class ServerOptions<S extends z.ZodType> {
  readonly #blobs: BlobStore
  readonly #subject: string
  readonly #schema: S
  readonly #known = new Map<ServerId, z.infer<S>>()

  /** @param schema must accept `{}`: its defaults are what holds until the operator chooses. */
  constructor(blobs: BlobStore, subject: string, schema: S) {
    this.#blobs = blobs
    this.#subject = subject
    this.#schema = schema
  }

  /** Reads what is kept; call it before `get`, and when it was written past this. What cannot be read any more counts as not chosen. */
  async load(serverId: ServerId): Promise<z.infer<S>> {
    const blob = await this.#blobs.get(this.#name(serverId))
    const options = this.#parse(blob)
    this.#known.set(serverId, options)
    return options
  }

  /** The defaults until `load` has resolved. */
  get(serverId: ServerId): z.infer<S> {
    return this.#known.get(serverId) ?? this.#schema.parse({})
  }

  async set(serverId: ServerId, options: z.infer<S>): Promise<void> {
    const checked = this.#schema.parse(options)
    await this.#blobs.set(this.#name(serverId), new TextEncoder().encode(JSON.stringify(checked)))
    this.#known.set(serverId, checked)
  }

  /** The server is no longer on the list. */
  async forget(serverId: ServerId): Promise<void> {
    this.#known.delete(serverId)
    await this.#blobs.set(this.#name(serverId), null)
  }

  #parse(blob: Uint8Array | null): z.infer<S> {
    if (blob === null || blob.byteLength > MAX_BYTES) return this.#schema.parse({})
    let kept: unknown
    try {
      kept = JSON.parse(new TextDecoder().decode(blob))
    } catch {
      // Written by nobody but `set`; a damaged file has been put aside by the storage already.
      return this.#schema.parse({})
    }
    return this.#schema.safeParse(kept).data ?? this.#schema.parse({})
  }

  #name(serverId: ServerId): string {
    return optionsBlob(this.#subject, serverId)
  }
}
