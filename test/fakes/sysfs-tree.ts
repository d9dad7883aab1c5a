/** Trees of /sys and /proc in a temporary folder, from the files `*.tree` of test/recorded. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

export interface SysfsTree {
  /** What the scripts take as their root. */
  readonly root: string
  write(path: string, value: string): void
  remove(): void
}

const recordedFolder = join(import.meta.dirname, '../recorded')

export const recordedText = (name: string): string => readFileSync(join(recordedFolder, name), 'utf8')

/** Lines `path value`, or `path -> target` for a link; those that begin with # are comments. */
export function makeSysfsTree(...names: readonly string[]): SysfsTree {
  const root = mkdtempSync(join(tmpdir(), 'virthelm-sysfs-'))
  // Another account reads it in some tests.
  chmodSync(root, 0o755)
  const write = (path: string, value: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), `${value}\n`)
  }
  for (const line of names.flatMap((name) => recordedText(name).split('\n'))) {
    const [, path, arrow, value = ''] = /^([^#\s]\S*) (-> )?(.*)$/.exec(line) ?? []
    if (path === undefined) continue
    if (arrow === undefined) write(path, value)
    else {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      symlinkSync(value, join(root, path))
    }
  }
  return { root, write, remove: () => rmSync(root, { recursive: true, force: true }) }
}
