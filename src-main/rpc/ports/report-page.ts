/** Serves a report of the archive into a tab of the browser. */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { contentDisposition, REPORT_POLICY } from './page-headers.ts'

export interface ShownReport {
  readonly path: string
  readonly fileName: string
  readonly contentType: string
}

export async function sendReport(
  request: IncomingMessage,
  response: ServerResponse,
  report: ShownReport | null
): Promise<void> {
  const size = report === null ? null : await sizeOf(report.path)
  if (report === null || size === null) {
    response.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' })
    response.end('This report is not open any more. Open it again from the archive.\n')
    return
  }
  // The viewer that browsers have for PDF is a page of their own; a sandbox keeps it from starting.
  if (report.contentType.startsWith('text/')) response.setHeader('Content-Security-Policy', REPORT_POLICY)
  response.writeHead(200, {
    'Content-Type': report.contentType,
    'Content-Length': size,
    'Content-Disposition': contentDisposition(
      report.contentType.startsWith('text/csv') ? 'attachment' : 'inline',
      report.fileName
    )
  })
  if (request.method === 'HEAD') response.end()
  else await pipeline(createReadStream(report.path), response)
}

async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
