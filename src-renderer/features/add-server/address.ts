/** What an operator types or pastes as an address. Pure. */

export interface TypedAddress {
  readonly user: string | null
  readonly host: string
  readonly port: number | null
}

/**
 * `host`, `user@host`, `host:2222`, `user@[2001:db8::1]:22`, a bare IPv6 address, `ssh://user@host:port` or a whole
 * `ssh -p 2222 user@host`. null when there is no host in it. A port out of range is given on as typed: the form says so.
 */
export function parseAddress(typed: string): TypedAddress | null {
  let text = typed
    .trim()
    .replace(/^ssh:\/\//i, '')
    .replace(/\/+$/, '')
  let port: number | null = null
  if (/^ssh\s/i.test(text)) {
    const words = text.split(/\s+/).slice(1)
    const flag = words.findIndex((word) => word === '-p')
    if (flag !== -1) {
      port = Number(words[flag + 1])
      words.splice(flag, 2)
    }
    text = words.find((word) => !word.startsWith('-')) ?? ''
  }
  const at = text.lastIndexOf('@')
  const user = at > 0 ? text.slice(0, at) : null
  const rest = at === -1 ? text : text.slice(at + 1)
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(rest)
  const plain = /^([^:\s[\]]+)(?::(\d+))?$/.exec(rest)
  const match = bracketed ?? plain
  // More than one colon without brackets: an IPv6 address, which has no room for a port.
  const host = match?.[1] ?? (/^[0-9a-f:.%a-z]+$/i.test(rest) && rest.split(':').length > 2 ? rest : null)
  if (host === null || host === undefined || host === '') return null
  return { user, host, port: match?.[2] === undefined ? port : Number(match[2]) }
}

/** The shortest form that `parseAddress` reads back: the port only where it is not 22. */
export function addressText(user: string, host: string, port: number): string {
  const named = user === '' ? '' : `${user}@`
  const boxed = host.includes(':') ? `[${host}]` : host
  return port === 22 ? `${named}${host.includes(':') ? boxed : host}` : `${named}${boxed}:${port}`
}

/** A name to begin with: the first label of a host name, or the whole address. */
export const nameFromHost = (host: string): string =>
  /^[\d.]+$/.test(host) || host.includes(':') ? host : (host.split('.')[0] ?? host)
