/** Spans as an operator types them: `90 s`, `10 min`, `1 h 30 min`, `2 d`. Pure. */

const UNITS: Readonly<Record<string, number>> = {
  s: 1_000,
  sec: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000
}

/** Milliseconds; null when it is no span. A number alone is minutes. */
export function parseSpan(text: string): number | null {
  const typed = text.trim().toLowerCase().replaceAll('\u00a0', ' ')
  if (/^\d+(\.\d+)?$/.test(typed)) return Math.round(Number(typed) * 60_000)
  if (!/^(\d+(\.\d+)?\s*[a-z]+\s*)+$/.test(typed)) return null
  let sum = 0
  for (const [, number = '', unit = ''] of typed.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)/g)) {
    const ms = UNITS[unit]
    if (ms === undefined) return null
    sum += Number(number) * ms
  }
  return Math.round(sum)
}

/** The way back: parseSpan gives the same span again. */
export function spanText(spanMs: number): string {
  if (spanMs === 0) return '0 s'
  const parts: string[] = []
  let rest = spanMs
  for (const [unit, ms] of [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1_000]
  ] as const) {
    const count = unit === 's' ? rest / ms : Math.floor(rest / ms)
    if (count === 0) continue
    parts.push(`${count} ${unit}`)
    rest -= count * ms
  }
  return parts.join(' ')
}
