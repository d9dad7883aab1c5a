import type { Log } from '../../src-main/application/platform/platform.ts'

/** Only what is wrong is printed, beside the table. */
export const benchLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: (event, fields) => console.error(event, fields),
  error(event, cause, fields) {
    console.error(event, cause, fields)
    return ''
  }
}
