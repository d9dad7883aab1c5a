/** Import of ~/.ssh/config: the hosts it names, as connection settings. Never executes what it names. */
import { access } from 'node:fs/promises'
import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'
import { SshConfigHost, type ConnectionSettings, type JumpHop } from '#contract/servers.ts'
import { globMatches } from './known-hosts.ts'
import { INCLUDE_PROBLEM, readStatements, type Block, type Statement } from './ssh-config-file.ts'

export interface SshConfigOptions {
  readonly homeFolder?: string
  /** The user where the file names none. */
  readonly userName?: string
}

/**
 * Hosts named without wildcards, in the order of the file, as ssh(1) would reach them.
 * @throws AppError sshConfigUnreadable; a missing file has no hosts
 */
export async function readSshConfig(path: string, options: SshConfigOptions = {}): Promise<SshConfigHost[]> {
  const homeFolder = options.homeFolder ?? homedir()
  const userName = options.userName ?? userInfo().username
  const statements = await readStatements(path, homeFolder)
  const defaultKeys = await existingDefaultKeys(homeFolder)
  const config = new Config(statements, { homeFolder, userName, defaultKeys })
  const hosts: SshConfigHost[] = []
  for (const alias of aliasesOf(statements)) {
    // Values that the contract does not take (a port of 0, say) leave the host out.
    const host = SshConfigHost.safeParse(config.host(alias))
    if (host.success) hosts.push(host.data)
  }
  return hosts
}

function aliasesOf(statements: readonly Statement[]): Set<string> {
  const aliases = new Set<string>()
  for (const { block } of statements) {
    for (let at = block; at; at = at.outer) {
      if (at.keyword !== 'host') continue
      for (const name of at.args) if (!/[*?!]/.test(name)) aliases.add(name)
    }
  }
  return aliases
}

const DEFAULT_KEYS = ['id_ed25519', 'id_ecdsa', 'id_rsa']

async function existingDefaultKeys(homeFolder: string): Promise<string[]> {
  const found: string[] = []
  for (const name of DEFAULT_KEYS) {
    try {
      await access(join(homeFolder, '.ssh', name))
      found.push(`~/.ssh/${name}`)
    } catch {
      // Not there: not offered.
      continue
    }
  }
  return found
}

interface Surroundings {
  readonly homeFolder: string
  readonly userName: string
  readonly defaultKeys: readonly string[]
}

const MAX_JUMPS = 4

/** Directives that run programs, or that change who is talked to in a way the console does not have. */
const NOT_FOLLOWED = new Set([
  'proxycommand',
  'knownhostscommand',
  'localcommand',
  'remotecommand',
  'certificatefile',
  'pkcs11provider',
  'securitykeyprovider',
  'canonicalizehostname',
  'hostkeyalias',
  'bindaddress',
  'bindinterface',
  'addressfamily',
  INCLUDE_PROBLEM
])

class Config {
  readonly #statements: readonly Statement[]
  readonly #around: Surroundings

  constructor(statements: readonly Statement[], around: Surroundings) {
    this.#statements = statements
    this.#around = around
  }

  host(alias: string): SshConfigHost {
    const found = this.#evaluate(alias)
    const jumps = this.#jumps(found, found, new Set([alias]))
    if (jumps.length > MAX_JUMPS) found.problem('ProxyJump: more than four hops')
    const keyFiles = found.keyFiles(this.#around)
    const connection: ConnectionSettings = {
      host: found.hostName,
      port: found.port,
      user: found.user ?? this.#around.userName,
      useAgent: found.first('identityagent')?.toLowerCase() !== 'none',
      keyFiles: keyFiles.slice(0, 16),
      usePassword: found.first('passwordauthentication')?.toLowerCase() !== 'no' && keyFiles.length === 0,
      jumps: jumps.slice(0, MAX_JUMPS)
    }
    return { alias, connection, problems: found.problems.slice(0, 20) }
  }

  #evaluate(alias: string): Values {
    const values = new Values(alias)
    for (const statement of this.#statements) {
      if (this.#applies(statement.block, values)) values.take(statement)
    }
    return values
  }

  #applies(block: Block | null, values: Values): boolean {
    if (block === null) return true
    if (!this.#applies(block.outer, values)) return false
    return block.keyword === 'host'
      ? listMatches(block.args, values.alias)
      : matchApplies(block, values, this.#around.userName)
  }

  /** Nearest hop first. The hops' own aliases are looked up; the way to the first hop is its own ProxyJump. */
  #jumps(root: Values, found: Values, seen: ReadonlySet<string>): JumpHop[] {
    const list = found.proxyJump
    if (list === null) return []
    const hops: JumpHop[] = []
    for (const [index, text] of list.split(',').entries()) {
      const hop = parseJump(text)
      if (hop === null || seen.has(hop.host)) {
        root.problem(`ProxyJump ${list}`)
        return []
      }
      const values = this.#evaluate(hop.host)
      if (index === 0) hops.push(...this.#jumps(root, values, new Set([...seen, hop.host])))
      hops.push({
        host: values.hostName,
        port: hop.port ?? values.port,
        user: hop.user ?? values.user ?? this.#around.userName
      })
    }
    return hops
  }
}

/** `[user@]host[:port]` or an ssh:// address. null: not understood. */
export function parseJump(text: string): { host: string; port: number | null; user: string | null } | null {
  const match =
    /^(?:ssh:\/\/)?(?:([^@]+)@)?(?:\[([^\]]+)\]|([^:@[\]]+|[0-9a-fA-F:]{3,}))(?::(\d{1,5}))?\/?$/.exec(
      text.trim()
    )
  const host = match?.[2] ?? match?.[3]
  if (host === undefined) return null
  return { host, port: match?.[4] === undefined ? null : Number(match[4]), user: match?.[1] ?? null }
}

/** As `Host` and `Match host` do it: any pattern, and no `!pattern`. */
function listMatches(patterns: readonly string[], name: string): boolean {
  const lower = name.toLowerCase()
  const hits = (pattern: string): boolean => globMatches(pattern.toLowerCase(), lower)
  if (patterns.some((pattern) => pattern.startsWith('!') && hits(pattern.slice(1)))) return false
  return patterns.some((pattern) => !pattern.startsWith('!') && hits(pattern))
}

/** `all`, `host`, `originalhost`, `user` and `localuser`. Anything else is not followed, and so does not match. */
function matchApplies(block: Block, values: Values, userName: string): boolean {
  const [first] = block.args
  if (first?.toLowerCase() === 'all' && block.args.length === 1) return true
  for (let at = 0; at < block.args.length; at += 2) {
    const word = block.args[at] ?? ''
    const negated = word.startsWith('!')
    const patterns = (block.args[at + 1] ?? '').split(',')
    let subject: string
    switch (word.replace(/^!/, '').toLowerCase()) {
      case 'host':
        subject = values.hostName
        break
      case 'originalhost':
        subject = values.alias
        break
      case 'user':
        subject = values.user ?? userName
        break
      case 'localuser':
        subject = userName
        break
      default:
        values.problem(`Match ${block.args.join(' ')}`)
        return false
    }
    if (listMatches(patterns, subject) === negated) return false
  }
  return block.args.length > 0
}

/** What applies to one alias. The first value of a directive counts; key files add up. */
class Values {
  readonly alias: string
  readonly problems: string[] = []
  readonly #first = new Map<string, string>()
  readonly #keyFiles: string[] = []

  constructor(alias: string) {
    this.alias = alias
  }

  take({ keyword, args, text }: Statement): void {
    const value = args[0]
    if (value === undefined) return
    if (keyword === 'identityfile') {
      this.#keyFiles.push(value)
      return
    }
    if (this.#first.has(keyword)) return
    // The one that comes first wins over the other.
    if (keyword === 'proxyjump' && this.#first.has('proxycommand')) return
    if (keyword === 'proxycommand' && this.#first.has('proxyjump')) return
    this.#first.set(keyword, value)
    const isOff = /^(none|no)$/i.test(value)
    if (NOT_FOLLOWED.has(keyword) && !isOff) this.problem(text)
    if (keyword === 'identityagent' && !isOff && value !== 'SSH_AUTH_SOCK') this.problem(text)
  }

  first(keyword: string): string | undefined {
    return this.#first.get(keyword)
  }

  problem(text: string): void {
    const short = text.replace(/\p{C}+/gu, ' ').slice(0, 200)
    if (!this.problems.includes(short)) this.problems.push(short)
  }

  get hostName(): string {
    const name = this.first('hostname')
    return name === undefined
      ? this.alias
      : name.replace(/%(h|%)/g, (_, letter) => (letter === 'h' ? this.alias : '%'))
  }

  get port(): number {
    return Number(this.first('port') ?? '22')
  }

  get user(): string | undefined {
    return this.first('user')
  }

  get proxyJump(): string | null {
    const list = this.first('proxyjump')
    return list === undefined || list.toLowerCase() === 'none' ? null : list
  }

  /** `~` and %d, %h, %n, %p, %r, %u. A file in the home folder keeps its short form. */
  keyFiles({ homeFolder, userName, defaultKeys }: Surroundings): string[] {
    if (this.#keyFiles.length === 0) return [...defaultKeys]
    const tokens: Readonly<Record<string, string>> = {
      '%': '%',
      d: homeFolder,
      h: this.hostName,
      n: this.alias,
      p: String(this.port),
      r: this.user ?? userName,
      u: userName
    }
    const files: string[] = []
    for (const text of this.#keyFiles) {
      if (text.toLowerCase() === 'none') continue
      const unknown = /%[^%dhnpru]|\$\{/.test(text)
      const file = text.replace(/%(.)/g, (whole, letter: string) => tokens[letter] ?? whole)
      if (unknown) this.problem(`IdentityFile ${text}`)
      else files.push(file.startsWith(`${homeFolder}/`) ? `~${file.slice(homeFolder.length)}` : file)
    }
    return [...new Set(files)]
  }
}
