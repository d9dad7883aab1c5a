/** Reports on the desktop: printed by the app's own Chromium, opened with the system's programs. */
import { pathToFileURL } from 'node:url'
import { BrowserWindow, dialog, session, shell } from 'electron'
import { AppError } from '#contract/errors.ts'
import type { PdfPrinter, ReportDesk } from '../application/reports/report-desk.ts'
import { denyPermissions } from './electron-guards.ts'

const PRINT_DEADLINE_MS = 90_000
/** In memory only, and shared with nothing else. */
const PARTITION = 'report-printing'

export function desktopReportDesk(mainWindow: () => BrowserWindow | null): ReportDesk {
  return {
    printer: electronPrinter(),
    async chooseFolder() {
      const options: Electron.OpenDialogOptions = { properties: ['openDirectory', 'createDirectory'] }
      const window = mainWindow()
      const { canceled, filePaths } =
        window === null ? await dialog.showOpenDialog(options) : await dialog.showOpenDialog(window, options)
      return canceled ? null : (filePaths[0] ?? null)
    },
    async open(path) {
      const problem = await shell.openPath(path)
      if (problem !== '')
        throw new AppError('refused', { params: { what: 'openFile', detail: problem.slice(0, 500) } })
      return null
    }
  }
}

function electronPrinter(): PdfPrinter {
  return {
    async print(htmlPath, signal) {
      const address = pathToFileURL(htmlPath).href
      const window = new BrowserWindow({
        show: false,
        webPreferences: { sandbox: true, contextIsolation: true, javascript: false, partition: PARTITION }
      })
      const own = session.fromPartition(PARTITION)
      denyPermissions(own, { mayHoldPointer: false })
      own.webRequest.onBeforeRequest(({ url }, answer) => answer({ cancel: url !== address }))
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(PRINT_DEADLINE_MS)])
      try {
        return await Promise.race([printed(window, address), aborted(deadline)])
      } catch (error) {
        if (signal.aborted) throw new AppError('cancelled')
        if (deadline.aborted) throw new AppError('deadlineExceeded', { retryable: true })
        throw new AppError('pdfNotPossible', { params: { reason: 'failed' }, cause: error })
      } finally {
        window.destroy()
      }
    }
  }
}

async function printed(window: BrowserWindow, address: string): Promise<Uint8Array> {
  await window.loadURL(address)
  return window.webContents.printToPDF({ pageSize: 'A4', printBackground: true, preferCSSPageSize: true })
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = (): void => reject(new Error('given up'))
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  })
}
