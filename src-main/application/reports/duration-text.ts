/** A span in at most two units: `9 d 4 h`, `40 s`. */

const UNITS: readonly [name: string, ms: number][] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000]
]

export function durationText(durationMs: number): string {
  const span = Math.max(0, durationMs)
  const first = Math.max(
    0,
    UNITS.findIndex(([, ms]) => span >= ms)
  )
  if (span < 1_000) return '0\u00a0s'
  let rest = span
  const shown: string[] = []
  for (const [name, ms] of UNITS.slice(first, first + 2)) {
    const count = Math.floor(rest / ms)
    rest -= count * ms
    if (count > 0) shown.push(`${count}\u00a0${name}`)
  }
  return shown.join('\u00a0')
}
