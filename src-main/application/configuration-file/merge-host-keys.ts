/** Pinned keys, host by host. Another key than the pinned one never comes by itself: it is what a man in the middle would bring. */
import type { ImportMode, PlanEntry, PlanEntryKind } from '#contract/configuration-file.ts'
import type { HostKey } from '#contract/servers.ts'
import type { Merged } from './merge-list.ts'

/** `host:port`, as it is shown and accepted. */
export const hostOf = ({ host, port }: Pick<HostKey, 'host' | 'port'>): string =>
  `${host.toLowerCase()}:${port}`

export function keysByHost(keys: readonly HostKey[]): Map<string, HostKey[]> {
  const hosts = new Map<string, HostKey[]>()
  for (const key of keys) {
    const known = hosts.get(hostOf(key))
    if (known === undefined) hosts.set(hostOf(key), [key])
    else known.push(key)
  }
  return hosts
}

/** @param accepted hosts whose pinned keys the operator wants replaced */
export function mergeHostKeys(
  file: readonly HostKey[],
  here: readonly HostKey[],
  mode: ImportMode,
  accepted: ReadonlySet<string>
): Merged<HostKey> {
  const hostsHere = keysByHost(here)
  const hostsInFile = keysByHost(file)
  const after = new Map(hostsHere)
  const entries: PlanEntry[] = []
  let same = 0
  for (const [host, keys] of hostsInFile) {
    const pinned = hostsHere.get(host) ?? []
    const isPinned = (key: HostKey): boolean =>
      pinned.some(({ type, keyBase64 }) => type === key.type && keyBase64 === key.keyBase64)
    if (keys.every(isPinned)) {
      same++
      continue
    }
    const isConflict = pinned.length > 0
    entries.push(entryOf(host, isConflict ? 'conflict' : 'new', pinned, keys))
    if (!isConflict || accepted.has(host)) after.set(host, keys)
  }
  for (const [host, keys] of hostsHere) {
    if (hostsInFile.has(host)) continue
    entries.push(entryOf(host, 'onlyHere', keys, []))
    if (mode === 'replace') after.delete(host)
  }
  return { after: [...after.values()].flat(), entries, same }
}

function entryOf(
  host: string,
  kind: PlanEntryKind,
  from: readonly HostKey[],
  to: readonly HostKey[]
): PlanEntry {
  const text = (keys: readonly HostKey[]): string | null =>
    keys.length === 0
      ? null
      : keys
          .map(({ type, fingerprint }) => `${type} ${fingerprint}`)
          .join(', ')
          .slice(0, 200)
  const changes = kind === 'conflict' ? [{ path: 'key', from: text(from), to: text(to) }] : []
  return { key: host, name: host, preset: null, kind, cautions: [], changes }
}
