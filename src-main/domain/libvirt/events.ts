/** Reader of the lines of `virsh event --all --loop`. Names come unescaped and without UUID: a line is only a hint. */

export interface EventHint {
  /** lifecycle, device-added, balloon-change, … */
  readonly event: string
  /** What follows "for domain ", with the name somewhere at its start. */
  readonly rest: string
}

/** Events that move nothing the lists show, and come often (each balloon tick, each clock tick of a guest). */
const NOISE: ReadonlySet<string> = new Set([
  'balloon-change',
  'rtc-change',
  'graphics',
  'block-job',
  'block-job-2',
  'block-threshold',
  'job-completed',
  'migration-iteration',
  'agent-lifecycle',
  'memory-device-size-change'
])

/** Events after which a domain's XML says something else (lifecycle covers Defined and Started). */
const CHANGES_XML: ReadonlySet<string> = new Set([
  'lifecycle',
  'device-added',
  'device-removed',
  'tray-change',
  'disk-change',
  'tunable',
  'metadata-change'
])

const LINE = /^(?:[-0-9:.+ ]+ )?event '([a-z0-9-]{1,40})' for domain (.*)$/s

/** null for a line that is no event (the rest of a name with a line feed, a warning). */
export function parseEventLine(line: string): EventHint | null {
  const [, event, rest] = LINE.exec(line) ?? []
  return event === undefined || rest === undefined ? null : { event, rest }
}

/** Whether the list of domains may look different after it. Unknown events do. */
export function concernsList(hint: EventHint): boolean {
  return !NOISE.has(hint.event)
}

/** Whether it may be about the XML of the domain with this name. */
export function concernsXmlOf(hint: EventHint, name: string): boolean {
  return (
    CHANGES_XML.has(hint.event) && (hint.rest.startsWith(`'${name}'`) || hint.rest.startsWith(`${name}:`))
  )
}
