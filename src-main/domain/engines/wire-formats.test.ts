import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { METRICS, type EntityKind } from '#contract/metric-catalogue.ts'
import { readLineProtocol, readSnappy, readWriteRequest } from '../../../test/fakes/wire-readers.ts'
import { LINE_PROTOCOL_PROBE, lineProtocol } from './line-protocol.ts'
import { KEY_LABEL, labelText, outsideMetric, type OutsideTick } from './naming.ts'
import { remoteWriteRequest } from './remote-write.ts'
import { snappy } from './snappy.ts'

const runs = process.env['VIRTHELM_LONG'] === '1' ? 10_000 : 1_000

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({
    unit: fc.constantFrom('\\', ',', '=', ' ', '"', '\n', '\r', '\0', '#', 'é', '😀', '\ud800'),
    maxLength: 12
  })
)
const value = fc.oneof(fc.double(), fc.double({ min: 0, max: 1e12 }), fc.integer())
const entity = fc.constantFrom(...(Object.keys(METRICS) as EntityKind[])).chain((kind) =>
  fc.record({
    kind: fc.constant(kind),
    key: kind === 'server' ? fc.constant('') : hostile,
    name: kind === 'vm' ? hostile : fc.constant(''),
    values: fc.dictionary(fc.constantFrom(...Object.keys(METRICS[kind]), 'unheardOf', '__proto__'), value, {
      maxKeys: 6
    })
  })
)
const ticks = fc.array(
  fc.record({
    atMs: fc.integer({ min: 0, max: 4e12 }),
    serverId: fc.uuid(),
    server: hostile,
    entities: fc.array(entity, { maxLength: 4 })
  }),
  { maxLength: 4 }
)

type Sample = readonly [name: string, labels: Record<string, string>, value: number, atMs: number]

/** What should arrive, straight from the documentation: docs/outside-engines.md. */
function expected(given: readonly OutsideTick[]): Sample[] {
  return given.flatMap((tick) =>
    tick.entities.flatMap((one) =>
      Object.entries(one.values).flatMap(([metric, number]): Sample[] => {
        const outside = outsideMetric(one.kind, metric)
        if (outside === undefined || !Number.isFinite(number)) return []
        const keyLabel = KEY_LABEL[one.kind]
        const labels = {
          server: labelText(tick.server),
          server_id: tick.serverId,
          ...(keyLabel !== null && { [keyLabel]: labelText(one.key) }),
          ...(one.kind === 'vm' && { vm: labelText(one.name) })
        }
        const present = Object.fromEntries(Object.entries(labels).filter(([, text]) => text !== ''))
        const sent = number / outside.divisor
        return [[`virthelm_${one.kind}_${outside.field}`, present, sent === 0 ? 0 : sent, tick.atMs]]
      })
    )
  )
}

const sorted = (samples: readonly Sample[]): string[] =>
  samples
    .map(([name, labels, number, atMs]) =>
      JSON.stringify([name, Object.entries(labels).toSorted(), number === 0 ? 0 : number, atMs])
    )
    .toSorted()

describe('line protocol', () => {
  it('reads back as what was measured, whatever servers, VMs and mounts are called', () => {
    fc.assert(
      fc.property(ticks, (given) => {
        const read = readLineProtocol(lineProtocol(given)).flatMap(({ measurement, tags, fields, atMs }) =>
          Object.entries(fields).map(([field, number]): Sample => [
            `${measurement}_${field}`,
            tags,
            number,
            atMs
          ])
        )
        expect(sorted(read)).toEqual(sorted(expected(given)))
      }),
      { numRuns: runs }
    )
  })

  it('never lets a name begin a line of its own', () => {
    const text = lineProtocol([
      {
        atMs: 7,
        serverId: 'id',
        server: 'web\nvirthelm_server,server_id=other cpu_used_ratio=1 7\\',
        entities: [{ kind: 'server', key: '', name: '', values: { cpuUsedRatio: 0.5 } }]
      }
    ])
    expect(text).toBe(
      'virthelm_server,server=web\ufffdvirthelm_server\\,server_id\\=other\\ cpu_used_ratio\\=1\\ 7\ufffd,server_id=id cpu_used_ratio=0.5 7\n'
    )
  })

  it('probes with what stores nothing', () => {
    expect(readLineProtocol(LINE_PROTOCOL_PROBE)).toEqual([])
  })
})

describe('remote write', () => {
  it('reads back as what was measured, each series once with its labels in order', () => {
    fc.assert(
      fc.property(ticks, (given) => {
        const series = readWriteRequest(readSnappy(snappy(remoteWriteRequest(given))))
        const read = series.flatMap(({ labels, samples }) => {
          const names = labels.map(([name]) => name)
          expect(names).toEqual(names.toSorted())
          const { __name__: name = '', ...rest } = Object.fromEntries(labels)
          return samples.map((sample): Sample => [name, rest, sample.value, sample.atMs])
        })
        expect(sorted(read)).toEqual(sorted(expected(given)))
        expect(new Set(series.map(({ labels }) => JSON.stringify(labels))).size).toBe(series.length)
      }),
      { numRuns: runs }
    )
  })
})

describe('snappy', () => {
  const repetitive = fc
    .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 30 }), fc.integer({ min: 1, max: 400 })), {
      maxLength: 30
    })
    .map((parts) =>
      Uint8Array.from(
        parts.flatMap(([bytes, times]) => Array.from({ length: times }, () => [...bytes]).flat())
      )
    )

  it('gives back any bytes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 3_000 }), repetitive), (bytes) => {
        expect(readSnappy(snappy(bytes))).toEqual(bytes)
      }),
      { numRuns: runs / 5 }
    )
  })

  it('never copies across its blocks, and makes what repeats small', () => {
    const text = new TextEncoder().encode('virthelm_server_cpu_used_ratio{server="web"} '.repeat(8_000))
    const packed = snappy(text)
    expect(readSnappy(packed)).toEqual(text)
    expect(packed.length).toBeLessThan(text.length / 15)
  })
})

describe('names outside', () => {
  it('are in base units', () => {
    expect(outsideMetric('disk', 'awaitMs')).toEqual({ field: 'await_seconds', divisor: 1_000 })
    expect(outsideMetric('server', 'uptimeSec')).toEqual({ field: 'uptime_seconds', divisor: 1 })
    expect(outsideMetric('server', 'netRxBytesPerSec')).toEqual({
      field: 'net_rx_bytes_per_second',
      divisor: 1
    })
    expect(outsideMetric('vm', 'cpuUsedRatio')).toEqual({ field: 'cpu_used_ratio', divisor: 1 })
    expect(outsideMetric('server', 'toString')).toBeUndefined()
  })

  it('differ for every metric of a kind', () => {
    for (const [kind, metrics] of Object.entries(METRICS)) {
      const fields = Object.keys(metrics).map(
        (metric) => outsideMetric(kind as EntityKind, metric)?.field ?? ''
      )
      expect(new Set(fields).size).toBe(fields.length)
      for (const field of fields) expect(field).toMatch(/^[a-z][a-z0-9_]*$/)
    }
  })
})
