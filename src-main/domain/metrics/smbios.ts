/**
 * The firmware's tables (SMBIOS, DMTF DSP0134), as the kernel hands them out in /sys/firmware/dmi/tables/DMI: a serial number
 * and the installed memory modules. Bytes of a board nobody checked: each access is bounded. Pure.
 */
import { filledIn } from './fact-text.ts'

export interface FirmwareTables {
  readonly serialNumber: string | null
  /** null: the board describes none at all. */
  readonly memorySlots: number | null
  readonly memoryModules: readonly InstalledModule[] | null
}

export interface InstalledModule {
  readonly slot: string | null
  readonly sizeBytes: number
  readonly type: string | null
  readonly megatransfersPerSec: number | null
  readonly manufacturer: string | null
  readonly partNumber: string | null
}

const SYSTEM = 1
const MEMORY_DEVICE = 17
const END_OF_TABLE = 127
const MAX_STRUCTURES = 4_096
const MAX_MODULES = 256

const MEMORY_TYPES: Readonly<Partial<Record<number, string>>> = {
  0x0f: 'SDRAM',
  0x12: 'DDR',
  0x13: 'DDR2',
  0x14: 'DDR2 FB-DIMM',
  0x18: 'DDR3',
  0x1a: 'DDR4',
  0x1b: 'LPDDR',
  0x1c: 'LPDDR2',
  0x1d: 'LPDDR3',
  0x1e: 'LPDDR4',
  0x1f: 'NVDIMM',
  0x20: 'HBM',
  0x21: 'HBM2',
  0x22: 'DDR5',
  0x23: 'LPDDR5',
  0x24: 'HBM3'
}

/** @param dump hexadecimal bytes, as `od -An -v -tx1` prints them; null when there is no table in it */
export function parseFirmwareTables(dump: string): FirmwareTables | null {
  const bytes = bytesOf(dump)
  if (bytes.length < 4) return null
  let serialNumber: string | null = null
  let slots = 0
  const modules: InstalledModule[] = []
  for (const structure of structures(bytes)) {
    if (structure.type === SYSTEM) serialNumber ??= structure.text(0x07)
    if (structure.type !== MEMORY_DEVICE) continue
    slots++
    const module = moduleOf(structure)
    if (module !== null && modules.length < MAX_MODULES) modules.push(module)
  }
  return {
    serialNumber,
    memorySlots: slots === 0 ? null : slots,
    memoryModules: slots === 0 ? null : modules
  }
}

function bytesOf(dump: string): Uint8Array {
  const pairs = dump.match(/\b[0-9a-fA-F]{2}\b/g) ?? []
  return Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16))
}

class Structure {
  readonly type: number
  readonly #formatted: DataView
  readonly #texts: readonly string[]

  constructor(type: number, formatted: DataView, texts: readonly string[]) {
    this.type = type
    this.#formatted = formatted
    this.#texts = texts
  }

  /** Fields behind the end of the structure came with a later version of the standard: null. */
  byte(at: number): number | null {
    return at + 1 <= this.#formatted.byteLength ? this.#formatted.getUint8(at) : null
  }

  word(at: number): number | null {
    return at + 2 <= this.#formatted.byteLength ? this.#formatted.getUint16(at, true) : null
  }

  dword(at: number): number | null {
    return at + 4 <= this.#formatted.byteLength ? this.#formatted.getUint32(at, true) : null
  }

  /** A field that holds the number of a text, counted from 1; 0 = none. */
  text(at: number): string | null {
    const index = this.byte(at)
    return index === null || index === 0 ? null : filledIn(this.#texts[index - 1])
  }
}

/** Header (type, length, handle), formatted area, then texts that each end in NUL, and one more NUL. */
function* structures(bytes: Uint8Array): Generator<Structure> {
  let at = 0
  for (let count = 0; count < MAX_STRUCTURES; count++) {
    const type = bytes[at]
    const length = bytes[at + 1]
    if (type === undefined || length === undefined || length < 4 || at + length > bytes.length) return
    const texts: string[] = []
    let end = at + length
    if (bytes[end] === 0 && bytes[end + 1] === 0) end += 2
    else {
      while (end < bytes.length && bytes[end] !== 0) {
        const zero = bytes.indexOf(0, end)
        const stop = zero === -1 ? bytes.length : zero
        texts.push(latin1(bytes.subarray(end, stop)))
        end = stop + 1
      }
      end++
    }
    yield new Structure(type, new DataView(bytes.buffer, bytes.byteOffset + at, length), texts)
    if (type === END_OF_TABLE) return
    at = end
  }
}

/** The standard says ASCII; what boards put there beside it is made visible, one sign for each byte. */
const latin1 = (bytes: Uint8Array): string => String.fromCharCode(...bytes.subarray(0, 256))

/** null: the slot is empty, or does not tell its size. */
function moduleOf(device: Structure): InstalledModule | null {
  const sizeBytes = moduleSize(device)
  if (sizeBytes === null) return null
  const slot = device.text(0x10)
  const bank = device.text(0x11)
  return {
    slot: slot ?? bank,
    sizeBytes,
    type: MEMORY_TYPES[device.byte(0x12) ?? 0] ?? null,
    megatransfersPerSec:
      speed(device.word(0x20), device.dword(0x58)) ?? speed(device.word(0x15), device.dword(0x54)),
    manufacturer: device.text(0x17),
    partNumber: device.text(0x1a)
  }
}

const MIB = 2 ** 20

/** 0 = empty, 0xffff = unknown, 0x7fff = see the extended field in MiB; the top bit changes the unit to KiB. */
function moduleSize(device: Structure): number | null {
  const size = device.word(0x0c)
  if (size === null || size === 0 || size === 0xffff) return null
  if (size === 0x7fff) {
    const mebibytes = (device.dword(0x1c) ?? 0) & 0x7fff_ffff
    return mebibytes === 0 ? null : mebibytes * MIB
  }
  return size & 0x8000 ? (size & 0x7fff) * 1024 : size * MIB
}

/** 0 = unknown, 0xffff = see the extended field. */
function speed(word: number | null, extended: number | null): number | null {
  if (word === 0xffff) return extended === null || extended === 0 ? null : extended & 0x7fff_ffff
  return word === null || word === 0 ? null : word
}
