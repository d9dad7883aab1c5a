/** Names and modes of the files in the data folder, and how small files are written whole. */
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync
} from 'node:fs'
import { dirname, join } from 'node:path'

const FOLDER_MODE = 0o700
const FILE_MODE = 0o600

export interface DataFiles {
  readonly folder: string
  readonly console: string
  readonly history: string
  /** The server list again, as JSON: what is left when both the database and its backups are gone. */
  readonly serversJson: string
  readonly backups: string
  readonly lock: string
  readonly lockPid: string
  readonly reserve: string
  /** Exists when damage was met while running: the next start checks the history file whole, whatever its size. */
  readonly suspect: string
}

export function dataFiles(folder: string): DataFiles {
  return {
    folder,
    console: join(folder, 'console.sqlite'),
    history: join(folder, 'history.sqlite'),
    serversJson: join(folder, 'servers.json'),
    backups: join(folder, 'backups'),
    lock: join(folder, 'console.lock'),
    lockPid: join(folder, 'console.pid'),
    reserve: join(folder, 'reserve.bin'),
    suspect: join(folder, 'history.suspect')
  }
}

/** Makes the folder when it is not there, open to its owner only. */
export function makeFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: FOLDER_MODE })
  chmodSync(folder, FOLDER_MODE)
}

/** Creates the file when it is not there and closes it to everyone else. SQLite gives -wal and -shm the same mode. */
export function makePrivateFile(path: string): void {
  closeSync(openSync(path, 'a', FILE_MODE))
  chmodSync(path, FILE_MODE)
}

/** Writes beside the target, syncs, renames: readers see the old file or the new one, never half. */
export function writeFileAtomically(path: string, text: string): void {
  const beside = `${path}.tmp`
  const file = openSync(beside, 'w', FILE_MODE)
  try {
    const bytes = Buffer.from(text)
    let written = 0
    while (written < bytes.length) written += writeSync(file, bytes, written)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(beside, path)
  syncFolder(dirname(path))
}

/** Makes a rename durable. Windows cannot open folders; its rename is durable by itself. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** Leftovers of writes and backups that a crash cut off. */
export function removeTemporaryFiles(files: DataFiles): void {
  for (const folder of [files.folder, files.backups]) {
    if (!existsSync(folder)) continue
    for (const name of readdirSync(folder)) {
      if (/\.tmp(-journal|-wal|-shm)?$/.test(name))
        rmSync(join(folder, name), { recursive: true, force: true })
    }
  }
}

/** Moves a database with its WAL aside. Returns the new file name. */
export function moveAside(path: string, nowMs: number): string {
  const stamp = new Date(nowMs).toISOString().replaceAll(/[:.]/g, '-')
  let target = `${path}.damaged-${stamp}`
  for (let again = 2; existsSync(target); again++) target = `${path}.damaged-${stamp}-${again}`
  renameSync(path, target)
  if (existsSync(`${path}-wal`)) renameSync(`${path}-wal`, `${target}-wal`)
  rmSync(`${path}-shm`, { force: true })
  syncFolder(dirname(path))
  return target
}
