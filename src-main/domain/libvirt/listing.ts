/** Readers of `virsh list` in its `--uuid --id --name` and `--uuid` forms: one domain a line, no table. */

/** A domain as one `list` saw it: UUID, number and name come from one handle, so they belong together. */
export interface ListedDomain {
  readonly uuid: string
  /** libvirt's number of the running domain: another one with each start. null while it is off. */
  readonly id: number | null
  readonly name: string
}

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'
const LISTED = new RegExp(`^(${UUID}) (-|\\d{1,9}) (.*)$`, 's')
const UUID_LINE = new RegExp(`^${UUID}$`)

/**
 * Reads `list --all --uuid --id --name`.
 * A line that has not this form, or a UUID that comes twice, can only stem from a name that holds a line feed
 * (libvirt before 2.0 took those): `sound` is false then, and no pair may be trusted.
 */
export function parseListing(text: string): { domains: readonly ListedDomain[]; sound: boolean } {
  const byUuid = new Map<string, ListedDomain>()
  let sound = true
  for (const line of text.split('\n')) {
    if (line === '') continue
    const [, uuid, id, name] = LISTED.exec(line) ?? []
    if (uuid === undefined || id === undefined || name === undefined || byUuid.has(uuid)) {
      sound = false
      continue
    }
    byUuid.set(uuid, { uuid, id: id === '-' ? null : Number(id), name })
  }
  return { domains: [...byUuid.values()], sound }
}

/** Reads `list … --uuid`: a set of UUIDs. Other lines are left out. */
export function parseUuidLines(text: string): ReadonlySet<string> {
  const uuids = new Set<string>()
  for (const line of text.split('\n')) if (UUID_LINE.test(line)) uuids.add(line)
  return uuids
}

/** Whether the text has a UUID's form, in any case: libvirt would take it for one. */
export function looksLikeUuid(text: string): boolean {
  return UUID_LINE.test(text.toLowerCase())
}

/**
 * Names that belonged to the same running (or the same stopped) domain before and after something was read by name.
 * A name that moved in between, was there twice, or belongs to a domain that was started anew, is not in the map.
 */
export function stableNames(
  before: readonly ListedDomain[],
  after: readonly ListedDomain[]
): ReadonlyMap<string, ListedDomain> {
  const names = new Map<string, ListedDomain | null>()
  for (const domain of before) names.set(domain.name, names.has(domain.name) ? null : domain)
  const stable = new Map<string, ListedDomain>()
  const seen = new Set<string>()
  for (const domain of after) {
    const earlier = names.get(domain.name)
    if (seen.has(domain.name)) stable.delete(domain.name)
    else if (earlier && earlier.uuid === domain.uuid && earlier.id === domain.id)
      stable.set(domain.name, domain)
    seen.add(domain.name)
  }
  return stable
}
