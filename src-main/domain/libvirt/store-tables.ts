/** Readers of the two tables that virsh gives in no other form: `vol-list` and `net-dhcp-leases`. */

/**
 * Names of volumes in `vol-list` (` name   path`). Blanks are not escaped and a name may hold any number of them, so
 * a line is taken apart where the path ends in the name; a line that fits in no way, or in two, is counted as left out.
 */
export function parseVolumeList(text: string): {
  readonly names: readonly string[]
  readonly leftOut: number
} {
  const names = new Set<string>()
  let leftOut = 0
  for (const line of text.split('\n')) {
    if (line.trim() === '' || isHeading(line)) continue
    const found = namesIn(line)
    const [name] = found
    const decoded = name === undefined ? null : decodedOf(name)
    if (found.length !== 1 || decoded === null || names.has(decoded)) leftOut++
    else names.add(decoded)
  }
  return { names: [...names], leftOut }
}

/**
 * virsh writes what its locale cannot print as `\xe7`, byte by byte, and a backslash before an x as `\\x5c`. null: the bytes
 * are no UTF-8, so that the name cannot be said to virsh either.
 */
function decodedOf(name: string): string | null {
  try {
    return name.replace(/(?:\\x[0-9a-f]{2})+/g, (escapes) =>
      decodeURIComponent(escapes.replaceAll('\\x', '%'))
    )
  } catch {
    // Not UTF-8: a name that virsh could not be asked about.
    return null
  }
}

const isHeading = (line: string): boolean => /^-{10,}\s*$/.test(line) || /^\s*Name\s+Path\s*$/.test(line)

const MAX_LINE = 8192

/** Every way to read the line as a name, at least two blanks, and a path that ends in `/name`. */
function namesIn(line: string): string[] {
  if (line.length > MAX_LINE) return []
  // One blank before the row, and blanks behind it that fill the column.
  const row = line.replace(/^ /, '').replace(/ +$/, '')
  const found: string[] = []
  for (const { index, 0: gap } of row.matchAll(/ {2,}/g)) {
    const path = row.slice(index + gap.length)
    // The name's own blanks at its end are part of the gap.
    for (let end = index; end <= index + gap.length - 2; end++) {
      const name = row.slice(0, end)
      if (name !== '' && path.endsWith(`/${name}`)) found.push(name)
    }
  }
  // Pools of other kinds (iSCSI, say) have paths of other forms: there the only gap is the border.
  const [name, path, ...more] = row.split(/ {2,}/)
  if (found.length === 0 && name && path?.startsWith('/') && more.length === 0) found.push(name)
  return found
}

export interface LeaseLine {
  readonly expiresAt: string
  readonly mac: string
  readonly address: string
  readonly hostName: string | null
}

const LEASE =
  /^ ?(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) +([0-9a-f]{2}(?::[0-9a-f]{2}){5,19}) +ipv[46] +(\S+?)(?:\/\d+)? +(\S.*?) +\S+ *$/i

/** The rows of `net-dhcp-leases`. The host name is the guest's own claim. */
export function parseLeases(text: string): readonly LeaseLine[] {
  const leases: LeaseLine[] = []
  for (const line of text.split('\n')) {
    const [, expiresAt, mac, address, hostName] = line.length > MAX_LINE ? [] : (LEASE.exec(line) ?? [])
    if (expiresAt === undefined || mac === undefined || address === undefined) continue
    leases.push({
      expiresAt,
      mac: mac.toLowerCase(),
      address,
      hostName: hostName === '-' ? null : (hostName ?? null)
    })
  }
  return leases
}
