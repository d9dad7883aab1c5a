/**
 * Readers of the wire formats, for tests: written from the formats' own descriptions, sharing nothing with the writers.
 */

export interface ReadPoint {
  readonly measurement: string
  readonly tags: Record<string, string>
  readonly fields: Record<string, number>
  readonly atMs: number
}

/** InfluxDB line protocol: a backslash takes the special meaning from comma, space and equals sign. */
export function readLineProtocol(text: string): ReadPoint[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [head = '', fields = '', time = '', ...more] = splitUnescaped(line, ' ')
      if (more.length > 0 || !/^\d+$/.test(time)) throw new Error(`not a line: ${line}`)
      const [measurement = '', ...tags] = splitUnescaped(head, ',')
      return {
        measurement,
        tags: Object.fromEntries(tags.map(pairOf)),
        fields: Object.fromEntries(
          splitUnescaped(fields, ',').map((field) => {
            const [name, value] = pairOf(field)
            if (!/^-?\d+(\.\d+)?(e[+-]?\d+)?$/.test(value)) throw new Error(`not a float: ${value}`)
            return [name, Number(value)]
          })
        ),
        atMs: Number(time)
      }
    })
}

function splitUnescaped(text: string, separator: string): string[] {
  const parts = ['']
  for (let at = 0; at < text.length; at++) {
    const letter = text.charAt(at)
    if (letter === '\\') parts[parts.length - 1] += letter + text.charAt(++at)
    else if (letter === separator) parts.push('')
    else parts[parts.length - 1] += letter
  }
  return parts
}

function pairOf(text: string): [string, string] {
  const [name, value, ...more] = splitUnescaped(text, '=')
  if (name === undefined || value === undefined || more.length > 0) throw new Error(`not a pair: ${text}`)
  if (name === '' || value === '') throw new Error(`half a pair: ${text}`)
  return [name.replace(/\\(.)/gu, '$1'), value.replace(/\\(.)/gu, '$1')]
}

export interface ReadSeries {
  readonly labels: [string, string][]
  readonly samples: { readonly value: number; readonly atMs: number }[]
}

/** A protobuf WriteRequest of remote write 1.0, uncompressed. Throws on anything it does not know. */
export function readWriteRequest(bytes: Uint8Array): ReadSeries[] {
  return [...fieldsOf(bytes)].map(({ number, value }) => {
    if (number !== 1 || !(value instanceof Uint8Array)) throw new Error('not a TimeSeries')
    const series: ReadSeries = { labels: [], samples: [] }
    for (const field of fieldsOf(value)) {
      if (!(field.value instanceof Uint8Array)) throw new Error('not a message')
      const parts = new Map([...fieldsOf(field.value)].map((part) => [part.number, part.value]))
      const [first, second] = [parts.get(1), parts.get(2)]
      if (field.number === 1 && first instanceof Uint8Array && second instanceof Uint8Array) {
        const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
        series.labels.push([decoder.decode(first), decoder.decode(second)])
      } else if (field.number === 2 && typeof first === 'number' && typeof second === 'bigint') {
        series.samples.push({ value: first, atMs: Number(second) })
      } else throw new Error('neither Label nor Sample')
    }
    return series
  })
}

/** Wire types 0 (bigint), 1 (float64) and 2 (bytes). */
function* fieldsOf(
  bytes: Uint8Array
): Generator<{ readonly number: number; readonly value: bigint | number | Uint8Array }> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = view.getUint8(at++)
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  while (at < bytes.length) {
    const key = Number(varint())
    const number = key >> 3
    if ((key & 7) === 0) yield { number, value: varint() }
    else if ((key & 7) === 1) {
      yield { number, value: view.getFloat64(at, true) }
      at += 8
    } else if ((key & 7) === 2) {
      const length = Number(varint())
      if (at + length > bytes.length) throw new Error('cut off')
      yield { number, value: bytes.subarray(at, at + length) }
      at += length
    } else throw new Error(`wire type ${String(key & 7)}`)
  }
}

/** Snappy's block format, by its format_description.txt. */
export function readSnappy(bytes: Uint8Array): Uint8Array {
  let at = 0
  const next = (): number => {
    const byte = bytes[at++]
    if (byte === undefined) throw new Error('cut off')
    return byte
  }
  const little = (count: number): number => {
    let value = 0
    for (let index = 0; index < count; index++) value += next() * 2 ** (8 * index)
    return value
  }
  let length = 0
  for (let shift = 0; ; shift += 7) {
    const byte = next()
    length += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) break
  }
  const out = new Uint8Array(length)
  let filled = 0
  while (at < bytes.length) {
    const tag = next()
    if ((tag & 3) === 0) {
      const rest = tag >> 2
      const count = (rest < 60 ? rest : little(rest - 59)) + 1
      if (at + count > bytes.length || filled + count > length) throw new Error('literal too long')
      out.set(bytes.subarray(at, at + count), filled)
      at += count
      filled += count
      continue
    }
    const short = (tag & 3) === 1
    const count = short ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1
    const offset = short ? ((tag >> 5) << 8) | next() : little((tag & 3) === 2 ? 2 : 4)
    if (offset === 0 || offset > filled || filled + count > length) throw new Error('copy out of bounds')
    for (let index = 0; index < count; index++, filled++) out[filled] = out[filled - offset] ?? 0
  }
  if (filled !== length) throw new Error('shorter than it says')
  return out
}
