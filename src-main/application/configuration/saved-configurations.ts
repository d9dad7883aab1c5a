/**
 * The definition of a VM's next start as it was before each change, so that a change can be taken back. One blob for each
 * VM, bounded in number and size; the newest stays whatever its size. Documents have no secrets: none is ever read.
 */
import { z } from 'zod'
import { SavedConfiguration } from '#contract/configuration.ts'
import { AppError } from '#contract/errors.ts'
import type { VmRef } from '#contract/ids.ts'
import type { BlobStore } from '../storage.ts'

const MAX_SAVED = 20
const MAX_CHARS = 4 * 1024 * 1024

const Saved = SavedConfiguration.extend({ xml: z.string() })
type Saved = z.infer<typeof Saved>
const Form = z.array(Saved)

export class SavedConfigurations {
  readonly #blobs: BlobStore
  /** One write after the other: each reads what the one before it has left. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(blobs: BlobStore) {
    this.#blobs = blobs
  }

  /** Newest first. */
  async list(vm: VmRef): Promise<SavedConfiguration[]> {
    return (await this.#read(vm)).map(({ id, atMs, before }) => ({ id, atMs, before }))
  }

  /** Throws notFound: it was pushed out by newer ones. */
  async xml(vm: VmRef, savedId: number): Promise<string> {
    const found = (await this.#read(vm)).find(({ id }) => id === savedId)
    if (found === undefined) throw new AppError('notFound')
    return found.xml
  }

  /** Resolves when it is kept. What equals the newest is not kept twice. */
  save(vm: VmRef, entry: Omit<Saved, 'id'>): Promise<void> {
    const next = this.#turn.then(() => this.#save(vm, entry))
    // The failure belongs to who saves; the next in turn only waits.
    this.#turn = next.catch(() => undefined)
    return next
  }

  async #save(vm: VmRef, entry: Omit<Saved, 'id'>): Promise<void> {
    const present = await this.#read(vm)
    if (present[0]?.xml === entry.xml) return
    const id = Math.max(0, ...present.map((saved) => saved.id)) + 1
    const kept = bounded([{ ...entry, id }, ...present])
    await this.#blobs.set(blobName(vm), new TextEncoder().encode(JSON.stringify(kept)))
  }

  async #read(vm: VmRef): Promise<Saved[]> {
    const blob = await this.#blobs.get(blobName(vm))
    if (blob === null) return []
    try {
      return Form.parse(JSON.parse(new TextDecoder().decode(blob)))
    } catch {
      // Of another version, or damaged: there is nothing to take back to, which is no reason to refuse a change.
      return []
    }
  }
}

const blobName = ({ serverId, vmUuid }: VmRef): string => `configurations/${serverId}/${vmUuid}`

function bounded(saved: readonly Saved[]): Saved[] {
  let chars = 0
  return saved.slice(0, MAX_SAVED).filter(({ xml }, index) => {
    chars += xml.length
    return index === 0 || chars <= MAX_CHARS
  })
}
