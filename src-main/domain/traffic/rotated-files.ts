/** The files of one log: the one that is written, and what rotation has made of the earlier ones. */

export interface LogFile {
  readonly path: string
  readonly device: string
  readonly inode: string
  readonly sizeBytes: number
  /** Of its newest line, in whole seconds of the server's clock. */
  readonly modifiedSec: number
  readonly compressed: boolean
}

const PACKED = /\.(gz|xz|bz2|zst|Z)$/
const ROTATED = /^[.-]\d[\d.T-]*$/

/**
 * Whether `name` is a rotated file of the log `base` (names without folders): `access.log.1`, `access.log-20261128.gz`,
 * `access.log.0`, and with logrotate's `extension` `access.1.log`. Only gzip can be read; others are told by `packed`.
 */
export function rotationOf(base: string, name: string): { readonly packed: 'no' | 'gzip' | 'other' } | null {
  const packer = PACKED.exec(name)?.[1]
  const bare = packer === undefined ? name : name.slice(0, -packer.length - 1)
  const packed = packer === undefined ? 'no' : packer === 'gz' ? 'gzip' : 'other'
  if (bare.startsWith(base) && ROTATED.test(bare.slice(base.length))) return { packed }
  const dot = base.lastIndexOf('.')
  const [stem, extension] = dot <= 0 ? [base, ''] : [base.slice(0, dot), base.slice(dot)]
  const isBetween =
    extension !== '' &&
    bare.startsWith(stem) &&
    bare.endsWith(extension) &&
    ROTATED.test(bare.slice(stem.length, -extension.length))
  return isBetween ? { packed } : null
}

/**
 * Oldest first. A file whose compressed copy is being made is there twice: the plain one counts. Of the same second, those with
 * the higher number are older, as logrotate counts; those with the later date are newer.
 */
export function inOrder(files: readonly LogFile[]): LogFile[] {
  const plain = new Set(files.filter(({ compressed }) => !compressed).map(({ path }) => path))
  return files
    .filter(({ path, compressed }) => !compressed || !plain.has(path.replace(/\.gz$/, '')))
    .sort((one, other) => one.modifiedSec - other.modifiedSec || byName(one.path, other.path))
}

function byName(one: string, other: string): number {
  const [a, b] = [numberIn(one), numberIn(other)]
  const areDates = a > 9_999 && b > 9_999
  return areDates ? a - b : b - a
}

const numberIn = (path: string): number =>
  Number(/(\d+)\D*$/.exec(path.replace(PACKED, ''))?.[1]?.slice(0, 15) ?? 0)
