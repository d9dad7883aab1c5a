/** InfluxDB line protocol, precision ms: one line per entity and tick, all values as floats. */
import { labelsOf, measurementOf, outsideValues, type OutsideTick } from './naming.ts'

/** A comment: the whole body of a probe. Every receiver answers to it as to samples, and stores nothing. */
export const LINE_PROTOCOL_PROBE = '# probe\n'

/** Comma, space and equals sign are escaped in tags; what no escape can carry is gone already (labelText). */
const escapeTag = (text: string): string => text.replace(/[, =]/g, '\\$&')

/** '' when no tick has a value. Each line ends with a newline, so that texts can be joined. */
export function lineProtocol(ticks: readonly OutsideTick[]): string {
  const lines: string[] = []
  for (const tick of ticks) {
    for (const entity of tick.entities) {
      const fields: string[] = []
      for (const [field, value] of outsideValues(entity)) fields.push(`${field}=${String(value)}`)
      if (fields.length === 0) continue
      const tags = labelsOf(tick, entity).map(([name, value]) => `,${name}=${escapeTag(value)}`)
      lines.push(
        `${measurementOf(entity.kind)}${tags.join('')} ${fields.join(',')} ${String(Math.round(tick.atMs))}\n`
      )
    }
  }
  return lines.join('')
}
