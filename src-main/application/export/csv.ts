/** CSV by RFC 4180: CRLF, quotes doubled, UTF-8; numbers in full precision; text that no spreadsheet takes for a formula. */
import type { CsvCell } from '#contract/exports.ts'

/**
 * A spreadsheet runs a cell that begins with one of these; hostile VM names would be run with it. Text that already
 * has the leading ' gets another, so that taking one off always gives the text back.
 */
const FORMULA_START = /^'*[=+\-@\t\r\n]/
const NEEDS_QUOTES = /[",\r\n]|^\s|\s$/

/** Text as a cell: formula-safe (a leading ' as the field's custom has it), quoted when it must be. */
export function csvText(text: string): string {
  const safe = FORMULA_START.test(text) ? `'${text}` : text
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** Numbers print so that reading them back gives the same value; null and not-a-number are empty. */
export function csvCell(cell: CsvCell): string {
  if (cell === null) return ''
  if (typeof cell === 'string') return csvText(cell)
  return Number.isFinite(cell) ? String(cell) : ''
}

export function csvLine(cells: readonly CsvCell[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`
}

/** Whose wall clock times are written by. */
export type Zone = 'local' | 'utc'

const two = (value: number): string => String(value).padStart(2, '0')

/** ISO 8601 with milliseconds and offset, e.g. 2026-11-20T10:02:05.000+01:00; `utc` ends in +00:00. */
export function isoTime(atMs: number, zone: Zone): string {
  const date = new Date(atMs)
  const offsetMinutes = zone === 'utc' ? 0 : -date.getTimezoneOffset()
  const shifted = new Date(atMs + offsetMinutes * 60_000).toISOString().slice(0, -1)
  const sign = offsetMinutes < 0 ? '-' : '+'
  const minutes = Math.abs(offsetMinutes)
  return `${shifted}${sign}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}
