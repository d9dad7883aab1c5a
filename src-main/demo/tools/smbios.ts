/** Composes firmware tables byte by byte, as DMTF DSP0134 lays them out; dmidecode reads them too. */

type Field = readonly [at: number, size: 1 | 2 | 4, value: number]

export interface ComposedStructure {
  readonly type: number
  /** Of the formatted area with its header. */
  readonly length: number
  readonly fields?: readonly Field[]
  readonly texts?: readonly string[]
}

export function composeTables(structures: readonly ComposedStructure[]): Uint8Array {
  const all: readonly ComposedStructure[] = [...structures, { type: 127, length: 4 }]
  const parts = all.map((structure, handle) => {
    const { type, length, fields = [], texts = [] } = structure
    const area = new DataView(new ArrayBuffer(length))
    area.setUint8(0, type)
    area.setUint8(1, length)
    area.setUint16(2, handle, true)
    for (const [at, size, value] of fields) {
      if (size === 1) area.setUint8(at, value)
      else if (size === 2) area.setUint16(at, value, true)
      else area.setUint32(at, value, true)
    }
    const strings = texts.length === 0 ? '\0\0' : `${texts.join('\0')}\0\0`
    return Buffer.concat([Buffer.from(area.buffer), Buffer.from(strings, 'latin1')])
  })
  return Buffer.concat(parts)
}

export const system = (maker: string, product: string, serial: string): ComposedStructure => ({
  type: 1,
  length: 0x1b,
  fields: [
    [0x04, 1, 1],
    [0x05, 1, 2],
    [0x07, 1, 3]
  ],
  texts: [maker, product, serial]
})

export interface ComposedModule {
  readonly slot: string
  readonly sizeMib: number
  readonly type: number
  readonly speed: number
  readonly maker: string
  readonly part: string
}

/** Type 17 as of SMBIOS 3.3; a size of 0 is an empty slot. */
export function memoryDevice({ slot, sizeMib, type, speed, maker, part }: ComposedModule): ComposedStructure {
  const large = sizeMib >= 0x7fff
  return {
    type: 17,
    length: 0x5c,
    fields: [
      [0x08, 2, 72],
      [0x0a, 2, 64],
      [0x0c, 2, large ? 0x7fff : sizeMib],
      [0x0e, 1, 0x09],
      [0x10, 1, 1],
      [0x11, 1, 2],
      [0x12, 1, type],
      [0x15, 2, speed],
      [0x17, 1, 3],
      [0x1a, 1, 4],
      [0x1c, 4, large ? sizeMib : 0],
      [0x20, 2, speed]
    ],
    texts: [slot, 'BANK 0', maker, part]
  }
}

/** As `od -An -v -tx1` prints it. */
export function hexDump(bytes: Uint8Array): string {
  const pairs = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'))
  return Array.from(
    { length: Math.ceil(pairs.length / 16) },
    (_unused, row) => ` ${pairs.slice(row * 16, row * 16 + 16).join(' ')}`
  ).join('\n')
}
