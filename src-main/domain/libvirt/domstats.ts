/** Reader of `virsh domstats --raw`. */

/** Values of one domain: `state.state` → "1". Everything is text of the server until it is read as a number. */
export interface DomstatsRecord {
  readonly name: string
  readonly fields: ReadonlyMap<string, string>
}

const HEADER = /^Domain: '(.*)'$/s

/**
 * Reads the records in libvirt's order (which is not stable). A name that heads two records is left out altogether:
 * one of them is forged (a value with a line feed in it), and nobody can tell which.
 */
export function parseDomstats(text: string): readonly DomstatsRecord[] {
  const records = new Map<string, Map<string, string> | null>()
  let fields: Map<string, string> | null = null
  for (const line of text.split('\n')) {
    const name = HEADER.exec(line)?.[1]
    if (name !== undefined) {
      fields = records.has(name) ? null : new Map()
      records.set(name, fields)
      continue
    }
    const equals = line.indexOf('=')
    if (fields === null || !line.startsWith('  ') || equals < 3) continue
    fields.set(line.slice(2, equals), line.slice(equals + 1))
  }
  const sound: DomstatsRecord[] = []
  for (const [name, found] of records) if (found !== null) sound.push({ name, fields: found })
  return sound
}

/** A non-negative number of a record, or null when it is absent or no number. Precise to 2^53. */
export function numberOf(record: DomstatsRecord, field: string): number | null {
  const text = record.fields.get(field)
  if (text === undefined || !/^\d{1,20}$/.test(text)) return null
  return Number(text)
}
