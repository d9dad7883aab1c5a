/**
 * Opens storage for tests over a bundled worker, built once per test file. Straight from TypeScript each worker thread
 * would bring its own WebAssembly type stripper; hundreds of them in one process make V8 24 stop now and then
 * ("Check failed: jit_page.has_value()"), and starting takes three times as long. client.test.ts runs the sources.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'vite'
import { afterAll } from 'vitest'
import type { Log } from '../application/platform/platform.ts'
import type { Storage } from '../application/storage.ts'
import { openStorage } from './client.ts'
import { recordingLog, START_MS } from './test-support.ts'

const root = resolve(import.meta.dirname, '../..')

async function bundleWorker(): Promise<URL> {
  // Within the project, so that the bundle finds better-sqlite3.
  mkdirSync(join(root, '.tsbuild'), { recursive: true })
  const folder = mkdtempSync(join(root, '.tsbuild', 'storage-worker-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    build: {
      ssr: true,
      outDir: folder,
      emptyOutDir: false,
      rollupOptions: {
        input: join(root, 'src-main/storage/worker.ts'),
        output: { entryFileNames: 'worker.js' }
      }
    }
  })
  return pathToFileURL(join(folder, 'worker.js'))
}

export const workerUrl: URL = await bundleWorker()

export function openAt(folder: string, nowMs = START_MS, log: Log = recordingLog()): Promise<Storage> {
  return openStorage({ dataFolder: folder, workerUrl, log, clock: { nowMs: () => nowMs } })
}
