import type { Client } from 'ssh2'

/** No honest packet grows larger: OpenSSH's are at most 256 KiB before compression, channel data at most 32 KiB. */
const MAX_INFLATED_BYTES = 256 * 1024

interface Inflater {
  _maxOutputLength: number
}

/**
 * ssh2 inflates compressed packets without a useful limit, so that a hostile server could make 36 MB out of each
 * packet of 35 KB. There is no option for it; this reaches for the inflater and does nothing where there is none.
 * Returns whether a limit is set. To be called in the client's `ready` event, before the first compressed packet.
 */
export function limitInflation(client: Client): boolean {
  const inflater = path(client, ['_protocol', '_packetRW', 'read', '_zlib'])
  if (!isInflater(inflater)) return false
  inflater._maxOutputLength = MAX_INFLATED_BYTES
  return true
}

function path(from: unknown, names: readonly string[]): unknown {
  let at = from
  for (const name of names) {
    if (typeof at !== 'object' || at === null) return null
    at = (at as Record<string, unknown>)[name]
  }
  return at
}

const isInflater = (value: unknown): value is Inflater =>
  typeof value === 'object' && value !== null && '_maxOutputLength' in value
