/**
 * Prometheus remote write 1.0 (https://prometheus.io/docs/specs/prw/remote_write_spec/): a protobuf WriteRequest, to be
 * compressed by `snappy`. Samples of one series are gathered under one set of labels, in order of time.
 */
import { ByteWriter, varintLength } from './byte-writer.ts'
import { labelsOf, measurementOf, outsideValues, type OutsideEntity, type OutsideTick } from './naming.ts'

/** Field number and wire type of each field of the messages. */
const TIME_SERIES = 0x0a
const LABEL = 0x0a
const SAMPLE = 0x12
const NAME = 0x0a
const VALUE_TEXT = 0x12
const VALUE_FLOAT = 0x09
const TIMESTAMP = 0x10

/** One measured thing: its labels are the same for all of its series, so they are encoded once. */
interface Owner {
  readonly measurement: string
  readonly labels: Uint8Array
  readonly fields: Map<string, Samples>
}

interface Samples {
  readonly atMs: number[]
  readonly values: number[]
}

/** An empty request is empty: also what a probe sends. */
export function remoteWriteRequest(ticks: readonly OutsideTick[]): Uint8Array {
  const out = new ByteWriter(64 * 1_024)
  for (const owner of gathered(ticks)) {
    for (const [field, samples] of owner.fields) writeSeries(out, owner, field, samples)
  }
  return out.written()
}

function gathered(ticks: readonly OutsideTick[]): Iterable<Owner> {
  const owners = new Map<string, Owner>()
  for (const tick of ticks) {
    const atMs = Math.round(tick.atMs)
    for (const entity of tick.entities) {
      const owner = ownerOf(owners, tick, entity)
      for (const [field, value] of outsideValues(entity)) {
        let samples = owner.fields.get(field)
        if (samples === undefined) {
          samples = { atMs: [], values: [] }
          owner.fields.set(field, samples)
        }
        samples.atMs.push(atMs)
        samples.values.push(value)
      }
    }
  }
  return owners.values()
}

function ownerOf(owners: Map<string, Owner>, tick: OutsideTick, entity: OutsideEntity): Owner {
  const labels = labelsOf(tick, entity)
  // Labels hold no control characters: no two owners can have the same identity.
  const identity = `${entity.kind}\n${labels.map((label) => label.join('\t')).join('\n')}`
  let owner = owners.get(identity)
  if (owner === undefined) {
    const out = new ByteWriter(256)
    for (const [name, value] of labels) writeLabel(out, name, value)
    owner = { measurement: measurementOf(entity.kind), labels: out.written(), fields: new Map() }
    owners.set(identity, owner)
  }
  return owner
}

function writeLabel(out: ByteWriter, name: string, value: string): void {
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

function utf8Length(text: string): number {
  let length = 0
  for (const letter of text) {
    const code = letter.codePointAt(0) ?? 0
    length += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x1_0000 ? 3 : 4
  }
  return length
}

const sampleLength = (atMs: number): number => 1 + 8 + 1 + varintLength(atMs)

/** `__name__` comes before all other labels, as their order demands. */
function writeSeries(out: ByteWriter, owner: Owner, field: string, { atMs, values }: Samples): void {
  const name = new ByteWriter(128)
  writeLabel(name, '__name__', `${owner.measurement}_${field}`)
  let length = name.length + owner.labels.length
  for (const at of atMs) length += 1 + varintLength(sampleLength(at)) + sampleLength(at)
  out.byte(TIME_SERIES)
  out.varint(length)
  out.bytes(name.written())
  out.bytes(owner.labels)
  for (const [index, at] of atMs.entries()) {
    out.byte(SAMPLE)
    out.varint(sampleLength(at))
    out.byte(VALUE_FLOAT)
    out.float64(values[index] ?? 0)
    out.byte(TIMESTAMP)
    out.varint(at)
  }
}
