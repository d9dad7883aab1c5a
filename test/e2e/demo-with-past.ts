/** A demo fleet that has a past: the demo begins without one, and a table of many rows needs many. */
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { EntityValues } from '#contract/metric-catalogue.ts'
import { Settings } from '#contract/settings.ts'
import type { Log } from '../../src-main/application/platform/platform.ts'
import { openStorage } from '../../src-main/storage/client.ts'
import { startConsole, type ConsoleProcess } from './harness.ts'

const root = resolve(import.meta.dirname, '../..')
const STEP_MS = 5_000
/** Fewer than may wait for one commit. */
const AT_ONCE = 5_000

/** What a server was like at a time. */
export type Past = (name: string, atMs: number, step: number) => readonly EntityValues[]

const silent: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => 'no-incident'
}

/** CPU in whole percents that go up and down, so that any row can be told from its neighbours. */
const cpuAt = (step: number): number => (step % 97) / 100

const plainPast: Past = (_name, _atMs, step) => [
  { kind: 'server', key: '', values: { cpuUsedRatio: cpuAt(step), load1: step / 1_000 } }
]

/**
 * Starts the demo fleet once, writes `rows` rows of five seconds (or `stepMs`) up to now for each named server, and starts it again.
 * @returns the console, and the time of the newest written row
 */
export async function startDemoWithPast(
  names: readonly string[],
  rows: number,
  { stepMs = STEP_MS, past = plainPast }: { readonly stepMs?: number; readonly past?: Past } = {}
): Promise<{ demo: ConsoleProcess; newestAtMs: number }> {
  const first = await startConsole(['--demo'])
  await first.stop()
  const storage = await openStorage({
    dataFolder: join(first.dataFolder, 'demo'),
    workerUrl: pathToFileURL(join(root, 'out/main/worker.js')),
    log: silent
  })
  const servers = (await storage.servers.list()).filter(({ record }) => names.includes(record.name))
  const newestAtMs = Math.floor(Date.now() / stepMs) * stepMs - 60_000
  let written: Promise<void>[] = []
  for (let step = 0; step < rows; step += 1) {
    const atMs = newestAtMs - (rows - 1 - step) * stepMs
    for (const { record } of servers)
      written.push(
        storage.history.append({ serverId: record.id, atMs, entities: past(record.name, atMs, step) })
      )
    // Many at once: a commit takes whatever waits.
    if (written.length < AT_ONCE && step < rows - 1) continue
    await Promise.all(written)
    written = []
  }
  // Everything is sealed now: an old hour that is not is brought in bit by bit after the start.
  await storage.history.applyRetention(Settings.parse({}).retention, Date.now())
  await storage.close()
  return { demo: await startConsole(['--demo'], first.dataFolder), newestAtMs }
}
