/** The newest scan of a server by origin, and how each port that was ever scanned was last seen. Outlives the console. */
import { z } from 'zod'
import type { ServerId } from '#contract/ids.ts'
import { PortScan } from '#contract/ports.ts'
import { PortReason, PortState, type ScanOrigin } from '#contract/vocabulary.ts'
import type { ScannedPort } from '../../domain/ports/scan-changes.ts'
import type { BlobStore } from '../storage.ts'

const KnownPort = z.tuple([z.int(), PortState, PortReason])
/** As kept between two runs. */
const KeptForm = z.object({
  direct: PortScan.nullable().default(null),
  ssh: PortScan.nullable().default(null),
  known: z.object({ direct: z.array(KnownPort), ssh: z.array(KnownPort) }).default({ direct: [], ssh: [] }),
  scheduledAtMs: z.int().nullable().default(null)
})
type KeptForm = z.infer<typeof KeptForm>

/** Lists change; ports that are scanned no more are forgotten beyond this. */
const MAX_KNOWN = 8_192

export class KeptScans {
  readonly #blobs: BlobStore
  readonly #servers = new Map<ServerId, KeptForm>()

  constructor(blobs: BlobStore) {
    this.#blobs = blobs
  }

  async load(serverId: ServerId): Promise<void> {
    this.#servers.set(serverId, parsed(await this.#blobs.get(nameOf(serverId))))
  }

  async forget(serverId: ServerId): Promise<void> {
    this.#servers.delete(serverId)
    await this.#blobs.set(nameOf(serverId), null)
  }

  newest(serverId: ServerId, origin: ScanOrigin): PortScan | null {
    return this.#of(serverId)[origin]
  }

  known(serverId: ServerId, origin: ScanOrigin): ScannedPort[] {
    return this.#of(serverId).known[origin].map(([port, state, reason]) => ({ port, state, reason }))
  }

  /** When the plan was last scanned by itself; null = never. */
  scheduledAtMs(serverId: ServerId): number | null {
    return this.#of(serverId).scheduledAtMs
  }

  noteScheduled(serverId: ServerId, atMs: number): Promise<void> {
    return this.#keep(serverId, { ...this.#of(serverId), scheduledAtMs: atMs })
  }

  /** A scan with a problem says nothing of the ports: it is shown, and what was known stays. */
  async take(serverId: ServerId, scan: PortScan): Promise<void> {
    const kept = this.#of(serverId)
    const known = scan.problem === null ? knownWith(kept.known[scan.origin], scan) : kept.known[scan.origin]
    await this.#keep(serverId, {
      ...kept,
      [scan.origin]: scan,
      known: { ...kept.known, [scan.origin]: known }
    })
  }

  #of(serverId: ServerId): KeptForm {
    return this.#servers.get(serverId) ?? KeptForm.parse({})
  }

  async #keep(serverId: ServerId, form: KeptForm): Promise<void> {
    this.#servers.set(serverId, form)
    await this.#blobs.set(nameOf(serverId), new TextEncoder().encode(JSON.stringify(form)))
  }
}

const nameOf = (serverId: ServerId): string => `ports/scans/${serverId}`

function knownWith(known: KeptForm['known']['direct'], { ports }: PortScan): KeptForm['known']['direct'] {
  const all = new Map(known.map((entry) => [entry[0], entry]))
  for (const { port, state, reason } of ports) {
    // The newest last: what is dropped beyond the limit is the oldest.
    all.delete(port)
    all.set(port, [port, state, reason])
  }
  return [...all.values()].slice(-MAX_KNOWN)
}

/** What cannot be read any more counts as never scanned. */
function parsed(blob: Uint8Array | null): KeptForm {
  const none = KeptForm.parse({})
  if (blob === null) return none
  try {
    return KeptForm.safeParse(JSON.parse(new TextDecoder().decode(blob))).data ?? none
  } catch (error) {
    if (error instanceof SyntaxError) return none
    throw error
  }
}
