/** Turns whatever was thrown into what may cross the contract. */
import { AppError, type ErrorInfo } from '#contract/errors.ts'
import type { Log } from './platform/platform.ts'

/**
 * Expected errors (AppError) pass as they are. Anything else is a fault of ours: it becomes `internal`, and its cause
 * goes to the log under the incident id that the operator sees.
 */
export function errorInfoOf(
  error: unknown,
  log: Log,
  event: string,
  fields?: Record<string, unknown>
): ErrorInfo {
  if (error instanceof AppError && error.code !== 'internal') {
    if (error.cause !== undefined) log.debug(event, { ...fields, code: error.code, cause: error.cause })
    return error.toInfo()
  }
  if (isAbort(error)) return new AppError('cancelled').toInfo()
  const incidentId = error instanceof AppError ? error.incidentId : undefined
  return { ...new AppError('internal').toInfo(), incidentId: incidentId ?? log.error(event, error, fields) }
}

/** The platform's own way to say that an AbortSignal was obeyed. */
function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}
