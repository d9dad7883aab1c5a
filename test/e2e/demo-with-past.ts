/** A demo fleet that has a past: the demo begins without one, and a table of many rows needs many. */
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ServerId } from '#contract/ids.ts'
import type { EntityValues } from '#contract/metric-catalogue.ts'
import type { Log } from '../../src-main/application/platform/platform.ts'
import { openStorage } from '../../src-main/storage/client.ts'
import { startConsole, type ConsoleProcess } from './harness.ts'

const root = resolve(import.meta.dirname, '../..')
const STEP_MS = 5_000

const silent: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => 'no-incident'
}

/** CPU in whole percents that go up and down, so that any row can be told from its neighbours. */
const cpuAt = (step: number): number => (step % 97) / 100

const cpuAndLoad = (step: number): EntityValues[] => [
  { kind: 'server', key: '', values: { cpuUsedRatio: cpuAt(step), load1: step / 1_000 } }
]

/**
 * Starts the demo fleet once, writes `rows` rows of five seconds up to now for each named server, and starts it again.
 * @param entitiesAt what stands in a row; CPU and load when absent
 * @returns the console, and the time of the newest written row
 */
export async function startDemoWithPast(
  names: readonly string[],
  rows: number,
  entitiesAt: (step: number, atMs: number) => EntityValues[] = cpuAndLoad
): Promise<{ demo: ConsoleProcess; newestAtMs: number }> {
  const first = await startConsole(['--demo'])
  await first.stop()
  const storage = await openStorage({
    dataFolder: join(first.dataFolder, 'demo'),
    workerUrl: pathToFileURL(join(root, 'out/main/worker.js')),
    log: silent
  })
  const servers = (await storage.servers.list()).filter(({ record }) => names.includes(record.name))
  const newestAtMs = Math.floor(Date.now() / STEP_MS) * STEP_MS - 60_000
  const append = (serverId: ServerId, step: number): Promise<void> => {
    const atMs = newestAtMs - (rows - 1 - step) * STEP_MS
    return storage.history.append({ serverId, atMs, entities: entitiesAt(step, atMs) })
  }
  // All at once: a commit takes whatever waits. Fewer than may wait for one.
  const written: Promise<void>[] = []
  for (let step = 0; step < rows; step += 1)
    for (const { record } of servers) written.push(append(record.id, step))
  await Promise.all(written)
  await storage.close()
  return { demo: await startConsole(['--demo'], first.dataFolder), newestAtMs }
}
