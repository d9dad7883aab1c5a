/** Ticks as records of the queue: neutral, so that an engine's kind may change while samples wait. */
import { deflateRaw, inflateRaw } from 'node:zlib'
import { promisify } from 'node:util'
import { z } from 'zod'
import { ENTITY_KINDS, type EntityKind } from '#contract/metric-catalogue.ts'
import type { OutsideTick } from '../../domain/engines/naming.ts'

const deflate = promisify(deflateRaw)
const inflate = promisify(inflateRaw)
/** Of one record, unpacked: some hundred times what one holds. */
const MAX_PLAIN_BYTES = 32 * 1024 * 1024

/** Names are those of the code: a record lives for hours, and what an older console wrote must still be read. */
const Record = z.array(
  z.object({
    atMs: z.number(),
    serverId: z.string(),
    server: z.string(),
    entities: z.array(
      z.object({
        kind: z.enum(ENTITY_KINDS as [EntityKind, ...EntityKind[]]),
        key: z.string(),
        name: z.string(),
        values: z.record(z.string(), z.number())
      })
    )
  })
)

/** Packed off the main thread. */
export const packTicks = (ticks: readonly OutsideTick[]): Promise<Uint8Array> =>
  deflate(JSON.stringify(ticks), { level: 1 })

/** Throws when it is not a record of ticks. */
export async function unpackTicks(bytes: Uint8Array): Promise<OutsideTick[]> {
  const plain = await inflate(bytes, { maxOutputLength: MAX_PLAIN_BYTES })
  return Record.parse(JSON.parse(plain.toString()))
}
