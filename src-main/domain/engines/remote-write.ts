/**
 * Prometheus remote write 1.0 (https://prometheus.io/docs/specs/prw/remote_write_spec/): a protobuf WriteRequest, to be
 * compressed by `snappy`. Samples of one series are gathered under one set of labels, in order of time.
 */
import { ByteWriter, varintLength } from './byte-writer.ts'
import { labelsOf, measurementOf, outsideValues, type OutsideTick } from './naming.ts'

/** Field number and wire type of each field of the messages. */
const TIME_SERIES = 0x0a
const LABEL = 0x0a
const SAMPLE = 0x12
const NAME = 0x0a
const VALUE_TEXT = 0x12
const VALUE_FLOAT = 0x09
const TIMESTAMP = 0x10

interface Series {
  readonly labels: Uint8Array
  readonly atMs: number[]
  readonly values: number[]
}

/** An empty request is empty: also what a probe sends. */
export function remoteWriteRequest(ticks: readonly OutsideTick[]): Uint8Array {
  const out = new ByteWriter(64 * 1_024)
  for (const series of gathered(ticks)) writeSeries(out, series)
  return out.written()
}

function gathered(ticks: readonly OutsideTick[]): Iterable<Series> {
  const byIdentity = new Map<string, Series>()
  for (const tick of ticks) {
    const atMs = Math.round(tick.atMs)
    for (const entity of tick.entities) {
      const labels = labelsOf(tick, entity)
      const measurement = measurementOf(entity.kind)
      const owner = `${measurement}\n${labels.map(([name, value]) => `${name}=${value}`).join('\n')}`
      for (const [field, value] of outsideValues(entity)) {
        const identity = `${field}\n${owner}`
        let series = byIdentity.get(identity)
        if (series === undefined) {
          const all = [['__name__', `${measurement}_${field}`] as const, ...labels]
          series = { labels: encodedLabels(all), atMs: [], values: [] }
          byIdentity.set(identity, series)
        }
        series.atMs.push(atMs)
        series.values.push(value)
      }
    }
  }
  return byIdentity.values()
}

function encodedLabels(labels: readonly (readonly [string, string])[]): Uint8Array {
  const out = new ByteWriter(256)
  for (const [name, value] of labels) {
    const nameLength = utf8Length(name)
    const valueLength = utf8Length(value)
    out.byte(LABEL)
    out.varint(2 + varintLength(nameLength) + nameLength + varintLength(valueLength) + valueLength)
    out.byte(NAME)
    out.varint(nameLength)
    out.utf8(name)
    out.byte(VALUE_TEXT)
    out.varint(valueLength)
    out.utf8(value)
  }
  return out.written()
}

function utf8Length(text: string): number {
  let length = 0
  for (const letter of text) {
    const code = letter.codePointAt(0) ?? 0
    length += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x1_0000 ? 3 : 4
  }
  return length
}

const sampleLength = (atMs: number): number => 1 + 8 + 1 + varintLength(atMs)

function writeSeries(out: ByteWriter, { labels, atMs, values }: Series): void {
  let length = labels.length
  for (const at of atMs) length += 2 + sampleLength(at)
  out.byte(TIME_SERIES)
  out.varint(length)
  out.bytes(labels)
  for (const [index, at] of atMs.entries()) {
    out.byte(SAMPLE)
    out.varint(sampleLength(at))
    out.byte(VALUE_FLOAT)
    out.float64(values[index] ?? 0)
    out.byte(TIMESTAMP)
    out.varint(at)
  }
}
