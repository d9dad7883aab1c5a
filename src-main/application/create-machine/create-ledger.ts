/**
 * Machines that are being made, kept on the disk before anything is changed on a server: a console that ends in between
 * finds them at its next start. Holds no secret: the content of a seed is not kept.
 */
import { z } from 'zod'
import { CreateStep, VolumeRef } from '#contract/create.ts'
import { ErrorInfo } from '#contract/errors.ts'
import { VmRef } from '#contract/ids.ts'
import type { Log } from '../platform/platform.ts'
import type { BlobStore } from '../storage.ts'
import { createTopic, type Topic } from '../streams.ts'
import type { PlannedStep } from './create-plan.ts'

const BLOB = 'create:unfinished'

const Record = z.object({
  ref: VmRef,
  serverName: z.string(),
  vmName: z.string(),
  sinceAtMs: z.int(),
  /** The writes, as they are sent; without the content of a seed. */
  steps: z.array(
    z.object({ step: z.enum(['disk', 'seed', 'define', 'start']), action: z.record(z.string(), z.unknown()) })
  ),
  volumes: z.array(VolumeRef),
  /** How many of the steps are known to be done. */
  done: z.int().nonnegative(),
  step: CreateStep,
  error: ErrorInfo.nullable()
})

export interface CreateRecord extends Omit<z.infer<typeof Record>, 'steps'> {
  readonly steps: readonly PlannedStep[]
}

export class CreateLedger {
  readonly changed: Topic<null> = createTopic<null>(null)
  readonly #blobs: BlobStore
  readonly #log: Log
  readonly #records = new Map<string, CreateRecord>()
  readonly #busy = new Set<string>()
  #loaded: Promise<void> | null = null
  #saving: Promise<void> = Promise.resolve()

  constructor(blobs: BlobStore, log: Log) {
    this.#blobs = blobs
    this.#log = log
  }

  async all(): Promise<readonly { readonly record: CreateRecord; readonly isBusy: boolean }[]> {
    await this.#load()
    return [...this.#records].map(([key, record]) => ({ record, isBusy: this.#busy.has(key) }))
  }

  async find(ref: VmRef): Promise<CreateRecord | null> {
    await this.#load()
    return this.#records.get(keyOf(ref)) ?? null
  }

  /** Resolves when it is on the disk. */
  async put(record: CreateRecord): Promise<void> {
    await this.#load()
    this.#records.set(keyOf(record.ref), record)
    await this.#save()
  }

  async remove(ref: VmRef): Promise<void> {
    await this.#load()
    if (this.#records.delete(keyOf(ref))) await this.#save()
  }

  isBusy(ref: VmRef): boolean {
    return this.#busy.has(keyOf(ref))
  }

  setBusy(ref: VmRef, isBusy: boolean): void {
    if (isBusy) this.#busy.add(keyOf(ref))
    else this.#busy.delete(keyOf(ref))
    this.changed.publish(null)
  }

  #load(): Promise<void> {
    this.#loaded ??= (async () => {
      const bytes = await this.#blobs.get(BLOB)
      if (bytes === null) return
      for (const record of this.#recordsOf(bytes))
        this.#records.set(keyOf(record.ref), record as unknown as CreateRecord)
    })()
    return this.#loaded
  }

  /** Damaged, or of another version: what was under way cannot be taken up, which is no reason to refuse new machines. */
  #recordsOf(bytes: Uint8Array): z.infer<typeof Record>[] {
    try {
      return z.array(Record).parse(JSON.parse(Buffer.from(bytes).toString()))
    } catch (cause) {
      this.#log.warn('create.ledgerUnreadable', { cause })
      return []
    }
  }

  /** One after the other, each with all that is known then. */
  #save(): Promise<void> {
    this.#saving = this.#saving
      // The failure was told to who asked for that save; this one writes all that it would have written.
      .catch(() => undefined)
      .then(async () => {
        const text = JSON.stringify([...this.#records.values()], withoutContent)
        await this.#blobs.set(BLOB, this.#records.size === 0 ? null : Buffer.from(text))
        this.changed.publish(null)
      })
    return this.#saving
  }
}

const keyOf = ({ serverId, vmUuid }: VmRef): string => `${serverId}/${vmUuid}`

const withoutContent = (key: string, value: unknown): unknown => (key === 'content' ? null : value)
