/** Reads a database's user_version from its bytes, without opening it: a file of a newer console must stay untouched. */
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs'

const USER_VERSION_OFFSET = 60
const WAL_HEADER_BYTES = 32
const WAL_FRAME_HEADER_BYTES = 24
const MAGIC = 'SQLite format 3\0'

/**
 * user_version of the file as the last commit left it, also when that commit is still in the WAL.
 * null when there is no file, or it is no SQLite database.
 */
export function fileVersion(path: string): number | null {
  if (!existsSync(path)) return null
  const header = readAt(path, 0, 100)
  if (header.length < 100 || header.toString('latin1', 0, 16) !== MAGIC) return null
  return walVersion(`${path}-wal`) ?? header.readUInt32BE(USER_VERSION_OFFSET)
}

/** The version in the newest committed copy of page 1, if the WAL has one. Format: sqlite.org/fileformat.html#walformat */
function walVersion(path: string): number | null {
  if (!existsSync(path) || statSync(path).size < WAL_HEADER_BYTES) return null
  const header = readAt(path, 0, WAL_HEADER_BYTES)
  const pageBytes = header.readUInt32BE(8)
  if (pageBytes < 512 || pageBytes > 65_536) return null
  const salts = header.subarray(16, 24)
  let committed: number | null = null
  let pending: number | null = null
  for (let at = WAL_HEADER_BYTES; ; at += WAL_FRAME_HEADER_BYTES + pageBytes) {
    const frame = readAt(path, at, WAL_FRAME_HEADER_BYTES + 100)
    if (frame.length < WAL_FRAME_HEADER_BYTES + 100 || !frame.subarray(8, 16).equals(salts)) return committed
    if (frame.readUInt32BE(0) === 1)
      pending = frame.readUInt32BE(WAL_FRAME_HEADER_BYTES + USER_VERSION_OFFSET)
    if (frame.readUInt32BE(4) !== 0) committed = pending
  }
}

function readAt(path: string, offset: number, bytes: number): Buffer {
  const file = openSync(path, 'r')
  try {
    const buffer = Buffer.alloc(bytes)
    return buffer.subarray(0, readSync(file, buffer, 0, bytes, offset))
  } finally {
    closeSync(file)
  }
}
