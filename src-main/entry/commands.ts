/** The commands that need no window, wired. Both entries and `npm run` come through here. */
import { homedir } from 'node:os'
import { dataFolderOf } from '../platform/data-folder.ts'
import { openDataArchive } from '../storage/archive/data-archive.ts'
import { backupCommand } from './backup-command.ts'
import { version, workers } from './installation.ts'

export type CommandName = 'export' | 'backup'

/**
 * Runs a command and returns its exit code: 0 done, 1 failed, 2 wrong options. SIGINT and SIGTERM interrupt it; then
 * nothing half-written stays.
 */
export async function runCommand(name: CommandName, args: readonly string[]): Promise<number> {
  const interrupted = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => interrupted.abort())
  const shared = {
    stdout: process.stdout,
    stderr: process.stderr,
    signal: interrupted.signal,
    dataFolderOf: (chosen: string | null): string =>
      dataFolderOf(
        { chosen, demo: false },
        { platform: process.platform, env: process.env, homeFolder: homedir() }
      )
  }
  return backupCommand(args, {
    ...shared,
    openArchive: (folders) =>
      openDataArchive({
        ...folders,
        workerUrl: workers.archive,
        consoleVersion: version,
        nowMs: () => Date.now()
      })
  })
}
