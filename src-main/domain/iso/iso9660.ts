/**
 * Writes a small ISO 9660 image: a flat folder of files, with Rock Ridge and Joliet beside the plain names, so that Linux,
 * BSD and Windows all see the names exactly as given. ECMA-119, IEEE P1282 and Microsoft's Joliet specification.
 */

export interface IsoFile {
  /** A name without folders, at most 64 characters. */
  readonly name: string
  readonly content: Uint8Array
}

const SECTOR = 2048
/** Sixteen sectors of the system, then primary, Joliet, terminator; four path tables; the two folders; the extension record; then the files. */
const PATH_TABLES_AT = 19
const PLAIN_ROOT_AT = 23
const JOLIET_ROOT_AT = 24
const EXTENSION_AT = 25
const FILES_AT = 26

const MAX_NAME = 64

/** @throws RangeError for names or amounts that do not fit into one sector of a folder */
export function isoImage(volumeId: string, files: readonly IsoFile[], atMs: number): Uint8Array {
  const placed = place(files)
  const sectors = placed.reduce(
    (end, { at, content }) => Math.max(end, at + sectorsOf(content.length)),
    FILES_AT
  )
  const image = new Uint8Array(sectors * SECTOR)
  const date = new Date(atMs)
  const write = (at: number, bytes: Uint8Array): void => image.set(bytes, at * SECTOR)

  write(
    16,
    descriptor({ joliet: false, volumeId, sectors, rootAt: PLAIN_ROOT_AT, tablesAt: PATH_TABLES_AT, date })
  )
  write(
    17,
    descriptor({
      joliet: true,
      volumeId,
      sectors,
      rootAt: JOLIET_ROOT_AT,
      tablesAt: PATH_TABLES_AT + 2,
      date
    })
  )
  write(18, Uint8Array.from([255, ...ascii('CD001'), 1]))
  for (const [index, rootAt] of [PLAIN_ROOT_AT, JOLIET_ROOT_AT].entries()) {
    write(PATH_TABLES_AT + 2 * index, pathTable(rootAt, 'little'))
    write(PATH_TABLES_AT + 2 * index + 1, pathTable(rootAt, 'big'))
  }
  write(PLAIN_ROOT_AT, folder(PLAIN_ROOT_AT, placed, date, plainRecord))
  write(JOLIET_ROOT_AT, folder(JOLIET_ROOT_AT, placed, date, jolietRecord))
  write(EXTENSION_AT, EXTENSION_RECORD)
  for (const { at, content } of placed) write(at, content)
  return image
}

interface Placed extends IsoFile {
  readonly at: number
  /** The name for readers without extensions: eight characters and three. */
  readonly plainName: string
}

const sectorsOf = (bytes: number): number => Math.max(1, Math.ceil(bytes / SECTOR))
const ascii = (text: string): number[] => [...text].map((character) => character.charCodeAt(0) & 0x7f)

function place(files: readonly IsoFile[]): Placed[] {
  let at = FILES_AT
  const used = new Set<string>()
  return files.map((file) => {
    if (file.name === '' || file.name.length > MAX_NAME || /[/\0]/.test(file.name))
      throw new RangeError(file.name)
    const placed = { ...file, at, plainName: plainNameOf(file.name, used) }
    at += sectorsOf(file.content.length)
    return placed
  })
}

function plainNameOf(name: string, used: Set<string>): string {
  const dot = name.lastIndexOf('.')
  const part = (text: string, length: number): string =>
    text
      .toUpperCase()
      .replace(/[^A-Z0-9]/g, '_')
      .slice(0, length)
  const stem = part(dot > 0 ? name.slice(0, dot) : name, 8)
  const ending = dot > 0 ? part(name.slice(dot + 1), 3) : ''
  for (let number = 0; ; number++) {
    const unique = number === 0 ? stem : `${stem.slice(0, 8 - String(number).length)}${number}`
    const plain = `${unique}.${ending};1`
    if (used.has(plain)) continue
    used.add(plain)
    return plain
  }
}

/** A number twice, as ECMA-119 wants it: little-endian, then big-endian. */
const both32 = (value: number): number[] => [...little32(value), ...little32(value).reverse()]
const both16 = (value: number): number[] => [value & 255, value >> 8, value >> 8, value & 255]
const little32 = (value: number): number[] => [
  value & 255,
  (value >> 8) & 255,
  (value >> 16) & 255,
  value >>> 24
]

/** Seven bytes of UTC. */
const shortDate = (date: Date): number[] => [
  date.getUTCFullYear() - 1900,
  date.getUTCMonth() + 1,
  date.getUTCDate(),
  date.getUTCHours(),
  date.getUTCMinutes(),
  date.getUTCSeconds(),
  0
]

/** Sixteen digits and a zone. */
const longDate = (date: Date): number[] => [...ascii(date.toISOString().replace(/\D/g, '').slice(0, 16)), 0]
const NO_DATE = [...ascii('0'.repeat(16)), 0]

const bigUtf16 = (text: string): number[] =>
  Array.from({ length: text.length }, (_, index) => text.charCodeAt(index)).flatMap((unit) => [
    unit >> 8,
    unit & 255
  ])

interface DescriptorParts {
  readonly joliet: boolean
  readonly volumeId: string
  readonly sectors: number
  readonly rootAt: number
  readonly tablesAt: number
  readonly date: Date
}

function descriptor({ joliet, volumeId, sectors, rootAt, tablesAt, date }: DescriptorParts): Uint8Array {
  const text = (value: string, bytes: number): number[] => {
    const filled = joliet ? bigUtf16(value.padEnd(bytes >> 1)) : ascii(value.padEnd(bytes))
    return [...filled, ...Array<number>(bytes).fill(0)].slice(0, bytes)
  }
  const table = little32(tablesAt)
  return Uint8Array.from([
    joliet ? 2 : 1,
    ...ascii('CD001'),
    1,
    0,
    ...text('', 32),
    ...text(volumeId, 32),
    ...Array<number>(8).fill(0),
    ...both32(sectors),
    // Level 3 of Joliet: names in UCS-2.
    ...(joliet ? [0x25, 0x2f, 0x45] : [0, 0, 0]),
    ...Array<number>(29).fill(0),
    ...both16(1),
    ...both16(1),
    ...both16(SECTOR),
    ...both32(PATH_TABLE_BYTES),
    ...table,
    ...Array<number>(4).fill(0),
    ...little32(tablesAt + 1).reverse(),
    ...Array<number>(4).fill(0),
    ...record({ at: rootAt, bytes: SECTOR, isFolder: true, name: [0], date }),
    ...text('', 128),
    ...text('', 128),
    ...text('', 128),
    ...text('', 128),
    ...text('', 37),
    ...text('', 37),
    ...text('', 37),
    ...longDate(date),
    ...longDate(date),
    ...NO_DATE,
    ...NO_DATE,
    1
  ])
}

const PATH_TABLE_BYTES = 10

/** One entry: the folder itself. */
function pathTable(rootAt: number, order: 'little' | 'big'): Uint8Array {
  const at = order === 'little' ? little32(rootAt) : little32(rootAt).reverse()
  return Uint8Array.from([1, 0, ...at, ...(order === 'little' ? [1, 0] : [0, 1]), 0, 0])
}

interface RecordParts {
  readonly at: number
  readonly bytes: number
  readonly isFolder: boolean
  readonly name: readonly number[]
  readonly date: Date
  /** Rock Ridge's entries. */
  readonly system?: readonly number[]
}

function record({ at, bytes, isFolder, name, date, system = [] }: RecordParts): number[] {
  const padding = name.length % 2 === 0 ? [0] : []
  const length = 33 + name.length + padding.length + system.length
  const even = length % 2
  return [
    length + even,
    0,
    ...both32(at),
    ...both32(bytes),
    ...shortDate(date),
    isFolder ? 2 : 0,
    0,
    0,
    ...both16(1),
    name.length,
    ...name,
    ...padding,
    ...system,
    ...Array<number>(even).fill(0)
  ]
}

type FileRecord = (file: Placed, date: Date) => number[]

/** The folder with itself, its parent (itself again) and the files in the order of their names. */
function folder(at: number, files: readonly Placed[], date: Date, fileRecord: FileRecord): Uint8Array {
  const isPlain = fileRecord === plainRecord
  const own = (name: number): number[] => {
    const system = isPlain ? [...(name === 0 ? [...SHARING, ...CONTINUED] : []), ...mode(0o040555)] : []
    return record({ at, bytes: SECTOR, isFolder: true, name: [name], date, system })
  }
  const key = (file: Placed): string => (isPlain ? file.plainName : file.name)
  const sorted = [...files].sort((a, b) => (key(a) < key(b) ? -1 : 1))
  const bytes = [...own(0), ...own(1), ...sorted.flatMap((file) => fileRecord(file, date))]
  if (bytes.length > SECTOR) throw new RangeError('too many files')
  return Uint8Array.from(bytes)
}

const plainRecord: FileRecord = ({ name, plainName, at, content }, date) =>
  record({
    at,
    bytes: content.length,
    isFolder: false,
    name: ascii(plainName),
    date,
    system: [...mode(0o100444), ...trueName(name)]
  })

const jolietRecord: FileRecord = ({ name, at, content }, date) =>
  record({ at, bytes: content.length, isFolder: false, name: bigUtf16(name), date })

/** SP: extensions are used on this image. */
const SHARING = [...ascii('SP'), 7, 1, 0xbe, 0xef, 0]
/** PX: mode, one link, owned by root. */
const mode = (bits: number): number[] => [
  ...ascii('PX'),
  36,
  1,
  ...both32(bits),
  ...both32(1),
  ...both32(0),
  ...both32(0)
]
/** NM: the name as it is. */
const trueName = (name: string): number[] => {
  const bytes = ascii(name)
  return [...ascii('NM'), 5 + bytes.length, 1, 0, ...bytes]
}

const EXTENSION_ID = 'RRIP_1991A'
const EXTENSION_WORDS = 'THE ROCK RIDGE INTERCHANGE PROTOCOL PROVIDES SUPPORT FOR POSIX FILE SYSTEM SEMANTICS'
const EXTENSION_SOURCE =
  'PLEASE CONTACT DISC PUBLISHER FOR SPECIFICATION SOURCE.  SEE PUBLISHER IDENTIFIER IN PRIMARY VOLUME DESCRIPTOR FOR CONTACT INFORMATION.'
/** ER: which extensions these are. Too long for the folder's own record. */
const EXTENSION_RECORD = Uint8Array.from([
  ...ascii('ER'),
  8 + EXTENSION_ID.length + EXTENSION_WORDS.length + EXTENSION_SOURCE.length,
  1,
  EXTENSION_ID.length,
  EXTENSION_WORDS.length,
  EXTENSION_SOURCE.length,
  1,
  ...ascii(EXTENSION_ID + EXTENSION_WORDS + EXTENSION_SOURCE)
])
/** CE: where the rest of the folder's own record is. */
const CONTINUED = [
  ...ascii('CE'),
  28,
  1,
  ...both32(EXTENSION_AT),
  ...both32(0),
  ...both32(EXTENSION_RECORD.length)
]
