/** The commands that need no window, wired. Both entries and `npm run` come through here. */
import { homedir } from 'node:os'
import { dataFolderOf } from '../platform/data-folder.ts'
import type { Log } from '../application/platform/platform.ts'
import { openDataArchive } from '../storage/archive/data-archive.ts'
import { openStorageReader, type StorageReader } from '../storage/client.ts'
import { backupCommand } from './backup-command.ts'
import { configurationCommand } from './configuration-command.ts'
import { exportCommand } from './export-command.ts'
import { isFolderInUse } from '../storage/lock.ts'
import { version, workers } from './installation.ts'
import { openConfiguration } from './open-configuration.ts'
import { statusCommand } from './status-command.ts'

export const COMMAND_NAMES = ['export', 'backup', 'status', 'configuration'] as const
export type CommandName = (typeof COMMAND_NAMES)[number]

export const isCommandName = (text: string): text is CommandName =>
  COMMAND_NAMES.some((name) => name === text)

/** A command has no log file: it writes nothing into the data folder. What is wrong is said where it runs. */
const terminalLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: (event, fields) => say(event, fields),
  error(event, cause, fields) {
    say(event, { ...fields, cause: cause instanceof Error ? cause.message : String(cause) })
    return ''
  }
}

function say(event: string, fields: Record<string, unknown> = {}): void {
  process.stderr.write(`${event} ${JSON.stringify(fields)}\n`)
}

/**
 * Runs a command and returns its exit code: 0 done, 1 failed, 2 wrong options (`status` has its own). SIGINT and SIGTERM
 * interrupt it; then nothing half-written stays.
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
  const openReader = (dataFolder: string): Promise<StorageReader> =>
    openStorageReader({ dataFolder, workerUrl: workers.storage, log: terminalLog })
  if (name === 'status')
    return statusCommand(args, { ...shared, nowMs: Date.now(), openReader, isFolderInUse })
  if (name === 'export') return exportCommand(args, { ...shared, nowMs: Date.now(), openReader })
  if (name === 'configuration')
    return configurationCommand(args, { ...shared, open: openConfiguration(terminalLog) })
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
