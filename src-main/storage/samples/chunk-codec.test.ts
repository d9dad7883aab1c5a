import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteReader, ByteWriter } from './bytes.ts'
import { Chunk, ChunkWriter, type EntityHour } from './chunk-codec.ts'
import { packColumn, unpackColumn } from './column-codec.ts'

const RUNS = process.env.VIRTHELM_LONG === '1' ? 10_000 : 1_000
const LARGEST = 2 ** 51
const HOUR_MS = 3_600_000
const START_MS = HOUR_MS * 490_000

function roundTrip(values: readonly number[]): number[] {
  const out = new ByteWriter(16)
  packColumn(Float64Array.from(values), out)
  const bytes = out.take()
  const back = new Float64Array(values.length)
  unpackColumn(new ByteReader(bytes), bytes.length, back)
  return [...back]
}

const anInteger = fc.maxSafeInteger().map((value) => value % (LARGEST + 1))
const small = fc.integer({ min: -300, max: 300 })

/** Series as metrics are: noise, walks, counters, held values, few values, bursts, jumps between extremes. */
const aSeries = fc.oneof(
  fc.array(anInteger, { minLength: 1, maxLength: 200 }),
  fc.array(small, { minLength: 1, maxLength: 900 }),
  fc.tuple(anInteger, fc.array(small, { minLength: 1, maxLength: 900 })).map(([start, steps]) => {
    let at = Math.trunc(start / 2)
    return steps.map((step) => (at += step))
  }),
  fc.tuple(fc.nat(1e12), fc.array(fc.nat(1e9), { minLength: 1, maxLength: 400 })).map(([start, steps]) => {
    let at = start
    return steps.map((step) => (at += step))
  }),
  fc
    .tuple(
      fc.integer({ min: 1, max: 4096 }),
      fc.array(fc.tuple(small, fc.integer({ min: 1, max: 40 })), { minLength: 1, maxLength: 60 })
    )
    .map(([unit, runs]) => runs.flatMap(([value, length]) => new Array<number>(length).fill(value * unit))),
  fc
    .tuple(
      fc.array(anInteger, { minLength: 1, maxLength: 12 }),
      fc.array(fc.nat(), { minLength: 1, maxLength: 700 })
    )
    .map(([values, places]) => places.map((place) => values[place % values.length] ?? 0)),
  fc.array(fc.constantFrom(-LARGEST, 0, 1, LARGEST), { minLength: 1, maxLength: 80 })
)

describe('a column', () => {
  it('comes back exactly, whatever the series', () => {
    fc.assert(
      fc.property(aSeries, (values) => {
        const clean = values.map((value) => value + 0)
        expect(roundTrip(clean)).toEqual(clean.map((value) => (Object.is(value, -0) ? 0 : value)))
      }),
      { numRuns: RUNS }
    )
  })

  it.each([
    ['a constant', Array.from({ length: 720 }, () => 2 ** 36), 12],
    ['whole steps of a clock', Array.from({ length: 720 }, (_, index) => 1e7 + index * 5), 70],
    ['a value of a slow lane', Array.from({ length: 720 }, (_, index) => Math.floor(index / 6) % 7), 130]
  ])('takes next to nothing for %s', (_what, values, most) => {
    const out = new ByteWriter(16)
    packColumn(Float64Array.from(values), out)
    expect(out.length).toBeLessThan(most)
    expect(roundTrip(values)).toEqual(values)
  })
})

interface Sample {
  readonly id: number
  readonly offsets: readonly number[]
  readonly columns: readonly { readonly code: number; readonly values: readonly number[] }[]
}

const anEntity: fc.Arbitrary<Sample> = fc
  .tuple(
    fc.integer({ min: 1, max: 16_000_000 }),
    fc.uniqueArray(fc.nat(HOUR_MS - 1), { minLength: 1, maxLength: 40 }),
    fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 6 }),
    fc.nat()
  )
  .chain(([id, offsets, codes]) =>
    fc
      .tuple(
        ...codes.map((code) =>
          fc
            .array(
              fc.oneof({ weight: 3, arbitrary: anInteger }, { weight: 1, arbitrary: fc.constant(NaN) }),
              {
                minLength: offsets.length,
                maxLength: offsets.length
              }
            )
            .map((values) => ({ code, values: values.map((value) => value + 0) }))
        )
      )
      .map((columns) => ({
        id,
        offsets: offsets.toSorted((a, b) => a - b),
        columns: columns
          .filter(({ values }) => values.some((value) => !Number.isNaN(value)))
          .toSorted((a, b) => a.code - b.code)
      }))
  )

function hourOf({ id, offsets, columns }: Sample): EntityHour {
  return {
    entityId: id,
    atMs: Float64Array.from(offsets, (offset) => START_MS + offset),
    codes: () => columns.map(({ code }) => code),
    column(code) {
      const column = columns.find((one) => one.code === code)
      return column === undefined ? null : Float64Array.from(column.values)
    }
  }
}

const someEntities = fc.uniqueArray(anEntity, { selector: ({ id }) => id, minLength: 1, maxLength: 5 })

function pack(samples: readonly Sample[]): Uint8Array {
  const writer = new ChunkWriter(START_MS)
  for (const sample of samples.toSorted((a, b) => a.id - b.id)) writer.add(hourOf(sample))
  return writer.finish()
}

describe('a chunk', () => {
  it('gives back every sample of every entity at its time, and nothing that was not there', () => {
    fc.assert(
      fc.property(someEntities, (samples) => {
        const chunk = Chunk.open(pack(samples), START_MS)
        expect(chunk?.entityIds()).toEqual(samples.map(({ id }) => id).toSorted((a, b) => a - b))
        for (const sample of samples) {
          const [wanted, found] = [hourOf(sample), chunk?.hour(sample.id)]
          expect([...(found?.atMs ?? [])]).toEqual([...wanted.atMs])
          expect(found?.codes()).toEqual(wanted.codes())
          for (const code of wanted.codes()) expect(found?.column(code)).toEqual(wanted.column(code))
          expect(found?.column(61)).toBeNull()
        }
        expect(chunk?.hour(16_000_001)).toBeNull()
      }),
      { numRuns: RUNS / 5 }
    )
  })

  it('is found damaged when any bit of it is flipped or its end is missing', () => {
    fc.assert(
      fc.property(someEntities, fc.nat(), fc.nat(7), (samples, place, bit) => {
        const bytes = pack(samples)
        const flipped = bytes.slice()
        const at = place % bytes.length
        flipped[at] = (flipped[at] ?? 0) ^ (1 << bit)
        expect(Chunk.open(flipped, START_MS)).toBeNull()
        expect(Chunk.open(bytes.subarray(0, at), START_MS)).toBeNull()
      }),
      { numRuns: RUNS / 5 }
    )
  })

  /** Frozen: what these bytes mean never changes, whatever becomes of the writer. */
  it('of version 1 is read as it was written', () => {
    const chunk = Chunk.open(Buffer.from(VERSION_1, 'base64'), START_MS)
    expect(chunk?.entityIds()).toEqual([3, 9])
    const [first, second] = [chunk?.hour(3), chunk?.hour(9)]
    const ticks = Array.from({ length: 40 }, (_, index) => index)
    expect([...(first?.atMs ?? [])]).toEqual(ticks.slice(0, 8).map((tick) => START_MS + tick * 5_000))
    expect([...(second?.atMs ?? [])]).toEqual(ticks.map((tick) => START_MS + tick * 30_000 + (tick % 2)))
    expect([first, second].map((hour) => hour?.codes())).toEqual([
      [2, 5, 6],
      [1, 2, 3]
    ])
    const columns: [typeof first, number, number[]][] = [
      [first, 2, [5, 5, 5, 9, 9, 4_096, NaN, 12]],
      [first, 5, ticks.slice(0, 8).map((tick) => 1e12 + tick * 7e9 + (tick % 3))],
      [first, 6, ticks.slice(0, 8).map(() => 0)],
      [second, 1, ticks.map((tick) => [100, 100, 100, 7_000, 7_000, 35][Math.floor(tick / 3) % 6] ?? 0)],
      [second, 2, ticks.map((tick) => (tick * 7_919) % 97)],
      [second, 3, ticks.map((tick) => [3, 900_000, 17][(tick * tick) % 3] ?? 0)]
    ]
    for (const [hour, code, values] of columns) expect(hour?.column(code)).toEqual(Float64Array.from(values))
  })
})

const VERSION_1 =
  'AQIICAEDAIgnAAWAKDUBAwABACgA///0OpiAMAADAAAwAAMAADAIAQCAEAgBAIAQCAEAgBAIAQCAEAgBAIAQCCYxjAEABwECAgEBBAgCAwBIBgFgAwIBEAMALAEAAgEACgEAKAAAAAAQBP79gOABBoDAqMqaOgEAfAAAAAf/wTuGAQAAAAAAAAAKAAAAAAAAAAAAAABQAAAAAAAAAwEAGwEAKgEAEQMDCgEARgUAJAAN+cQBAQIBAQQBgcYAwAuMAAEAAAEAGAvN7NZPRnF5MYPBe3LK2pROzJI2JB37jOvURzxphOPEBvubQAEABp33NgAFSlKUpSlKQMpQPuobSQ=='
