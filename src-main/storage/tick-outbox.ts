/**
 * Ticks on their way to the worker. Those that wait together cross in one message of few, large arrays: a message costs by
 * the objects and buffers in it, and a fleet makes hundreds of values a tick.
 */
import type { EntityRef } from '#contract/history.ts'
import type { Tick } from '../application/storage.ts'
import { codedKind, entityName } from './samples/catalogue.ts'
import { ByteWriter } from './samples/bytes.ts'
import { packBody } from './samples/codec.ts'
import type { PackedTick } from './protocol.ts'

/** Some ticks, packed. Of `lengths` and `bodies` each has as many as it has entities, in the order of `ticks`. */
export interface TickBatch {
  readonly kind: 'append'
  readonly ticks: readonly BatchedTick[]
  /** Bytes of each entity's body. */
  readonly lengths: Uint32Array<ArrayBuffer>
  /** Bodies (samples/codec.ts), one after another. */
  readonly bodies: Uint8Array<ArrayBuffer>
}

/** id of the call, server, time, entities, names (null = as in this server's tick before), labels (null = none). */
export type BatchedTick = readonly [
  id: number,
  serverId: PackedTick['serverId'],
  atMs: number,
  entityCount: number,
  names: PackedTick['names'],
  labels: PackedTick['labels'] | null
]

type Named = Pick<EntityRef, 'kind' | 'key'>

export class TickOutbox {
  private readonly out = new ByteWriter(64 * 1024)
  private lengths: number[] = []
  private ticks: BatchedTick[] = []
  /** What each server's last tick was of. Names go along only when they changed: mostly they are the same. */
  private readonly sent = new Map<string, readonly Named[]>()

  /** Packs a tick; it may change afterwards. */
  add(id: number, { serverId, atMs, entities, labels }: Tick): void {
    const sent = this.sent.get(serverId)
    let same = sent?.length === entities.length
    for (const [index, { kind, key, values }] of entities.entries()) {
      const before = this.out.length
      packBody(codedKind(kind), values, this.out)
      this.lengths.push(this.out.length - before)
      const one = sent?.[index]
      if (one?.key !== key || one.kind !== kind) same = false
    }
    if (!same)
      this.sent.set(
        serverId,
        entities.map(({ kind, key }) => ({ kind, key }))
      )
    const names = same ? null : entities.map(({ kind, key }) => entityName(kind, key))
    this.ticks.push([id, serverId, atMs, entities.length, names, labels ?? null])
  }

  /** All that was added since; null when nothing was. */
  take(): TickBatch | null {
    const { ticks } = this
    if (ticks.length === 0) return null
    const batch = {
      kind: 'append' as const,
      ticks,
      lengths: Uint32Array.from(this.lengths),
      bodies: this.out.take()
    }
    this.ticks = []
    this.lengths = []
    this.out.length = 0
    return batch
  }
}

/** The ticks of a batch, one by one. */
export function* ticksOf(batch: TickBatch): Generator<{ readonly id: number; readonly tick: PackedTick }> {
  let entity = 0
  let at = 0
  for (const [id, serverId, atMs, entityCount, names, labels] of batch.ticks) {
    const lengths = batch.lengths.subarray(entity, entity + entityCount)
    entity += entityCount
    const from = at
    for (const bytes of lengths) at += bytes
    yield {
      id,
      tick: { serverId, atMs, names, lengths, bodies: batch.bodies.subarray(from, at), labels: labels ?? [] }
    }
  }
}
