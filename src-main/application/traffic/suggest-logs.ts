/** Logs that lie on a server, and what their first lines look like. */
import type { LogSpec, LogSuggestion } from '#contract/traffic.ts'
import { detectLog } from '../../domain/traffic/detect-log.ts'
import type { LogFiles, LogLook } from './log-files.ts'
import { splitLines } from './log-lines.ts'

const HEAD_BYTES = 32 * 1024
const MAX_SUGGESTED = 50

/** Those that lie where logs lie, and the asked ones. Throws what LogFiles throws. */
export async function suggestLogs(
  files: LogFiles,
  asked: readonly string[],
  signal: AbortSignal
): Promise<LogSuggestion[]> {
  const paths = [...new Set([...asked, ...(await files.find(signal))])].slice(0, MAX_SUGGESTED)
  const found: LogSuggestion[] = []
  for (const path of paths) {
    const look = await files.look(path, signal)
    const isThere = look.current !== null || look.cause === 'permissionDenied'
    if (!isThere && !asked.includes(path)) continue
    found.push({
      path,
      sizeBytes: look.current?.sizeBytes ?? 0,
      readable: look.current !== null,
      fix: look.fix,
      detected: await detectIn(files, look, signal)
    })
  }
  return found
}

async function detectIn(
  files: LogFiles,
  { current, rotated }: LogLook,
  signal: AbortSignal
): Promise<LogSpec | null> {
  const file = [current, ...rotated.toReversed()].find((one) => one !== null && one.sizeBytes > 0)
  if (file === undefined || file === null) return null
  const { bytes, ended } = await files.read(file, 0, HEAD_BYTES, signal)
  const { lines } = splitLines(bytes, { inLongLine: false, whole: ended, full: false })
  return detectLog(lines.filter((line) => line !== null))
}
