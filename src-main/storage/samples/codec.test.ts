import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ENTITY_KINDS } from '#contract/metric-catalogue.ts'
import { codedKind } from './catalogue.ts'
import { ByteWriter } from './bytes.ts'
import { isSoundRow, packBody, packRow, RowReader } from './codec.ts'

const RUNS = process.env.VIRTHELM_LONG === '1' ? 10_000 : 1_000

const aNumber = fc.oneof(
  fc.double({ noNaN: false }),
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  fc.nat(2 ** 46),
  fc.constantFrom(0, -0, 1, -1, 127, 128, 2 ** 31, 2 ** 32, 2 ** 51, -(2 ** 51), 2 ** 53, 1e300, Infinity)
)

const anEntity = fc.constantFrom(...ENTITY_KINDS).chain((kind) =>
  fc.record({
    kind: fc.constant(kind),
    id: fc.integer({ min: 1, max: 5_000_000 }),
    values: fc.dictionary(fc.constantFrom(...codedKind(kind).metrics.map((metric) => metric.name)), aNumber)
  })
)

type Entity = typeof anEntity extends fc.Arbitrary<infer E> ? E : never

function pack(entities: readonly Entity[]): Uint8Array {
  const out = new ByteWriter(1)
  const lengths = entities.map(({ kind, values }) => {
    const before = out.length
    packBody(codedKind(kind), values, out)
    return out.length - before
  })
  return packRow(
    entities.map((entity) => entity.id),
    lengths,
    out.take(),
    new ByteWriter(1)
  )
}

describe('a row of the tail', () => {
  it('gives back every value exactly to its scale, and nothing that was not there', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(anEntity, { selector: (entity) => entity.id, maxLength: 30 }),
        (entities) => {
          const row = pack(entities)
          expect(isSoundRow(row)).toBe(true)
          const reader = new RowReader()
          reader.open(row)
          for (const { id, kind, values } of entities) {
            expect(reader.next()).toBe(true)
            expect(reader.entityId).toBe(id)
            const { metrics, maxCode } = codedKind(kind)
            const out = new Float64Array(maxCode + 1)
            reader.values(out)
            for (const { name, code, scale } of metrics) {
              const scaled = Math.round((values[name] ?? NaN) * scale)
              const kept = Math.abs(scaled) <= 2 ** 51
              expect(out[code]).toBe(kept ? scaled + 0 : NaN)
            }
          }
          expect(reader.next()).toBe(false)
        }
      ),
      { numRuns: RUNS }
    )
  })

  it('is found damaged when any bit of it is flipped or its end is missing', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(anEntity, { selector: (entity) => entity.id, minLength: 1, maxLength: 5 }),
        fc.nat(),
        fc.nat(7),
        (entities, at, bit) => {
          const row = pack(entities)
          const flipped = row.slice()
          const index = at % row.length
          flipped[index] = (flipped[index] ?? 0) ^ (1 << bit)
          expect(isSoundRow(flipped)).toBe(false)
          expect(isSoundRow(row.subarray(0, at % row.length))).toBe(false)
        }
      ),
      { numRuns: RUNS }
    )
  })

  it('is read without hanging or throwing whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const reader = new RowReader()
        reader.open(bytes)
        const out = new Float64Array(49)
        let entities = 0
        while (reader.next()) {
          reader.values(out)
          entities++
        }
        expect(entities).toBeLessThanOrEqual(bytes.length)
      }),
      { numRuns: RUNS }
    )
  })

  it('is read when it is of an older or a newer catalogue', () => {
    const older = { ...codedKind('vm'), metrics: codedKind('vm').metrics.slice(0, 3), maxCode: 3 }
    const out = new ByteWriter(16)
    packBody(older, { cpuUsedRatio: 0.5, memoryUsedBytes: 7 }, out)
    const reader = new RowReader()
    reader.open(packRow([9], [out.length], out.take(), new ByteWriter(16)))
    reader.next()
    const wide = new Float64Array(6)
    expect(reader.values(wide)).toBe(3)
    expect([...wide.subarray(1)]).toEqual([5000, NaN, 7, NaN, NaN])
    const narrow = new Float64Array(2)
    reader.open(packRow([9], [out.length], out.take(), new ByteWriter(16)))
    reader.next()
    expect(reader.values(narrow)).toBe(1)
    expect(narrow[1]).toBe(5000)
    expect(reader.next()).toBe(false)
  })
})
