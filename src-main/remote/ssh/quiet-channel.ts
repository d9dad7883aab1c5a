import type { Duplex } from 'node:stream'

/**
 * ssh2 sends a last EOF and CLOSE after the link is gone; with compression that throws where nobody can catch it. For
 * channels that are piped as they are; `SshShellChannel` sees to its own.
 */
export function quieten<T extends Duplex>(channel: T): T {
  const ends = channel as T & Partial<Record<'close' | 'eof', () => unknown>>
  for (const name of ['close', 'eof'] as const) {
    const end = ends[name]?.bind(channel)
    if (end === undefined) continue
    const quietly = (): void => {
      try {
        end()
      } catch {
        // There is nobody left to be told.
      }
    }
    Object.assign(channel, { [name]: quietly })
  }
  return channel
}
