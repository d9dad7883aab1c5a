/** Numbers as /proc prints them. Remote text is hostile: anything else is null, never NaN and never an exception. */

/** A counter: digits only. Above 2^53 the last digits are lost, which no rate notices. null for anything else. */
export function parseCounter(text: string | undefined): number | null {
  if (text === undefined || text.length === 0 || text.length > 20) return null
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 48
    if (digit < 0 || digit > 9) return null
  }
  return Number(text)
}

/** A decimal of at least 0, such as 1217.90. null for anything else. */
export function parseDecimal(text: string | undefined): number | null {
  if (text === undefined || !/^\d{1,18}(\.\d{1,9})?$/.test(text)) return null
  return Number(text)
}

/** Words of a line, split at spaces and tabs. */
export function words(line: string): string[] {
  const found = line.match(/[^ \t\r]+/g)
  return found === null ? [] : [...found]
}

/** 0..1. */
export function clampRatio(value: number): number {
  return Math.min(1, Math.max(0, value))
}
