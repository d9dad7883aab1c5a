/**
 * Names to addresses without the system's resolver: `dns.lookup` of a dead name holds one of four threads for tens of
 * seconds and everything else queues behind it. Order: literal, localhost, hosts file, DNS (c-ares, search domains), and
 * for local names the system in a process of its own.
 */
import { Resolver } from 'node:dns/promises'
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { AppError } from '#contract/errors.ts'
import { cancelled } from './deadline.ts'
import { askSystem } from './system-names.ts'

export interface AddressResolver {
  /**
   * Addresses in the order to try, at least one.
   * @throws AppError addressNotFound, addressTimeout, cancelled
   */
  resolve(
    host: string,
    options: { readonly signal: AbortSignal; readonly deadlineMs: number }
  ): Promise<readonly string[]>
}

export interface ResolverFiles {
  readonly hosts: string
  /** Only for its search domains; c-ares finds the servers by itself. */
  readonly resolvConf: string | null
  /** DNS servers to ask instead of the system's (tests). */
  readonly servers?: readonly string[]
}

export const systemResolverFiles = (): ResolverFiles =>
  process.platform === 'win32'
    ? {
        hosts: `${process.env['SystemRoot'] ?? 'C:\\Windows'}\\System32\\drivers\\etc\\hosts`,
        resolvConf: null
      }
    : { hosts: '/etc/hosts', resolvConf: '/etc/resolv.conf' }

const MAX_ADDRESSES = 8

export function createResolver(files: ResolverFiles = systemResolverFiles()): AddressResolver {
  return {
    async resolve(host, { signal, deadlineMs }) {
      const literal = host.replace(/^\[(.*)\]$/, '$1')
      if (isIP(literal) !== 0) return [literal]
      const name = host.toLowerCase().replace(/\.$/, '')
      if (name === 'localhost' || name.endsWith('.localhost')) return ['127.0.0.1', '::1']
      const listed = addressesInHosts(await textOf(files.hosts), name)
      if (listed.length > 0) return listed
      const names = candidateNames(host, await textOf(files.resolvConf))
      const untilMs = performance.now() + deadlineMs
      try {
        return await askDns({ host, names, signal, deadlineMs, servers: files.servers })
      } catch (error) {
        if (signal.aborted) throw error
        const found = await askSystem(name, { signal, deadlineMs: untilMs - performance.now() })
        if (found.length === 0) throw error
        return found.slice(0, MAX_ADDRESSES)
      }
    }
  }
}

/** A missing file says nothing about any name. */
async function textOf(file: string | null): Promise<string> {
  if (file === null) return ''
  try {
    return await readFile(file, 'utf8')
  } catch {
    return ''
  }
}

/** Addresses of a name in a hosts file (hosts(5)). */
export function addressesInHosts(text: string, name: string): string[] {
  const found: string[] = []
  for (const line of text.split('\n')) {
    const [address, ...names] = (line.split('#', 1)[0] ?? '').trim().split(/\s+/)
    if (address === undefined || isIP(address) === 0) continue
    if (names.some((listed) => listed.toLowerCase() === name)) found.push(address)
  }
  return found.slice(0, MAX_ADDRESSES)
}

/** The name itself and, for a short one, the name in each search domain (resolv.conf(5), ndots 1). */
export function candidateNames(host: string, resolvConf: string): string[] {
  if (host.endsWith('.')) return [host.slice(0, -1)]
  let domains: string[] = []
  for (const line of resolvConf.split('\n')) {
    const [keyword, ...rest] = line.trim().split(/\s+/)
    if (keyword === 'search' || keyword === 'domain') domains = rest
  }
  const searched = domains.slice(0, 6).map((domain) => `${host}.${domain.replace(/\.$/, '')}`)
  return host.includes('.') ? [host, ...searched] : [...searched, host]
}

async function askDns(question: {
  host: string
  names: readonly string[]
  signal: AbortSignal
  deadlineMs: number
  servers: readonly string[] | undefined
}): Promise<readonly string[]> {
  const { host, names, signal, deadlineMs } = question
  const resolver = new Resolver({ timeout: Math.max(250, Math.floor(deadlineMs / 4)), tries: 2 })
  if (question.servers) resolver.setServers(question.servers)
  let late = false
  const stop = (): void => resolver.cancel()
  const timer = setTimeout(() => {
    late = true
    stop()
  }, deadlineMs)
  signal.addEventListener('abort', stop, { once: true })
  try {
    let timedOut = false
    for (const name of names) {
      if (signal.aborted) throw cancelled(signal)
      const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
      const addresses = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
      if (addresses.length > 0) return addresses.slice(0, MAX_ADDRESSES)
      timedOut ||= answers.some((answer) => answer.status === 'rejected' && isNoAnswer(answer.reason))
      if (late) break
    }
    if (signal.aborted) throw cancelled(signal)
    throw new AppError(timedOut || late ? 'addressTimeout' : 'addressNotFound', {
      params: { host },
      retryable: true
    })
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
}

/** Anything but a name server's plain "there is no such name". */
function isNoAnswer(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : null
  return code !== 'ENOTFOUND' && code !== 'ENODATA'
}
