/** PDF by a Chromium-like browser without a window: a profile of its own in a temporary folder, no network, a deadline. */
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { AppError } from '#contract/errors.ts'
import type { PdfPrinter } from '../application/reports/report-desk.ts'

const DEADLINE_MS = 90_000
const MAX_ERROR_TEXT = 4_000

/** `findBrowser` gives the full path of one, or null. */
export function chromiumPrinter(findBrowser: () => string | null, deadlineMs = DEADLINE_MS): PdfPrinter {
  return {
    async print(htmlPath, signal) {
      const browser = findBrowser()
      if (browser === null) throw new AppError('pdfNotPossible', { params: { reason: 'noBrowser' } })
      const folder = await mkdtemp(join(tmpdir(), 'virthelm-pdf-'))
      try {
        const pdfPath = join(folder, 'report.pdf')
        await run(browser, argumentsOf(folder, pdfPath, htmlPath), deadlineMs, signal)
        return await readFile(pdfPath)
      } catch (error) {
        if (error instanceof AppError) throw error
        throw new AppError('pdfNotPossible', { params: { reason: 'failed' }, cause: error })
      } finally {
        // Its last processes may still write into the profile: tried a few times.
        await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
      }
    }
  }
}

function argumentsOf(folder: string, pdfPath: string, htmlPath: string): string[] {
  return [
    '--headless',
    '--disable-gpu',
    '--no-first-run',
    '--no-default-browser-check',
    '--disable-extensions',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    // Whatever it might want to fetch, it finds nobody.
    '--host-resolver-rules=MAP * ~NOTFOUND',
    `--user-data-dir=${join(folder, 'profile')}`,
    '--no-pdf-header-footer',
    `--print-to-pdf=${pdfPath}`,
    // Chromium does not start as root otherwise; nobody else runs into this.
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    pathToFileURL(htmlPath).href
  ]
}

function run(
  browser: string,
  args: readonly string[],
  deadlineMs: number,
  signal: AbortSignal
): Promise<void> {
  return new Promise((resolve, reject) => {
    // A group of its own, so that its helpers end with it.
    const detached = process.platform !== 'win32'
    const child = spawn(browser, args, { stdio: ['ignore', 'ignore', 'pipe'], detached })
    let errors = ''
    const end = (error: Error): void => {
      killGroup(child.pid, detached)
      reject(error)
    }
    const timer = setTimeout(() => end(new AppError('deadlineExceeded', { retryable: true })), deadlineMs)
    const onAbort = (): void => end(new AppError('cancelled'))
    signal.addEventListener('abort', onAbort, { once: true })
    child.stderr.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-MAX_ERROR_TEXT)))
    child.once('error', end)
    child.once('exit', (code) => {
      if (code === 0) resolve()
      else reject(new Error(`the browser ended with ${String(code)}: ${errors}`))
    })
    child.once('close', () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
    })
  })
}

function killGroup(pid: number | undefined, isGroup: boolean): void {
  if (pid === undefined) return
  try {
    process.kill(isGroup ? -pid : pid, 'SIGKILL')
  } catch (error) {
    // It ended by itself meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
