/** What is asked of a server before, while and after a VM leaves for it or from it. Nothing here changes anything. */
import { AppError } from '#contract/errors.ts'
import type { VmUuid } from '#contract/ids.ts'
import type {
  DirectWay,
  DomainLook,
  HostLook,
  PlacedVolume,
  Presence,
  Waits,
  Where
} from '../../../application/migration/migration-port.ts'
import type { Connection } from '../../../application/servers/connection.ts'
import { parseDomstate } from '../../../domain/libvirt/domain-state.ts'
import { parseListing, parseUuidLines } from '../../../domain/libvirt/listing.ts'
import type { DomainChanges, DomainFacts, JobFacts } from '../../../domain/migration/facts.ts'
import { quote } from '../../ssh/quote.ts'
import { STDIN, type Virsh, virshScript } from '../virsh.ts'
import { ENVIRONMENT } from '../virsh-scripts.ts'
import { directUri } from './commands.ts'
import { readDomainFacts } from './domain-facts.ts'
import { readCapabilities, readJobInfo, readPool, readVolume } from './host-facts.ts'
import { rewriteDomain } from './rewrite-domain.ts'

export interface QuestionDeps {
  readonly connection: Connection
  readonly uri: string
  readonly virsh: Virsh
  readonly versions: { readonly libvirt: string | null; readonly hypervisor: string | null }
}

export const READ_DEADLINE_MS = 15_000
/** A login from one server to the other, with its name look-ups. */
const REACH_DEADLINE_MS = 25_000
const MAX_POOLS = 64

/** Lines of a list that prints nothing but names. */
const namesIn = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line.trim() !== '')

export class Questions {
  readonly #deps: QuestionDeps

  constructor(deps: QuestionDeps) {
    this.#deps = deps
  }

  async host(waits: Waits): Promise<HostLook> {
    const { versions } = this.#deps
    const capabilities = readCapabilities(await this.#read(['capabilities'], waits))
    if (capabilities === null) throw unreadable('capabilities')
    const pools = []
    for (const name of namesIn(await this.#read(['pool-list', '--name'], waits)).slice(0, MAX_POOLS)) {
      // One that was removed meanwhile is no longer there to be chosen.
      const text = await this.#read(['pool-dumpxml', '--pool', name.trim()], waits).catch(unlessNothing)
      const pool = text === null ? null : readPool(text)
      if (pool !== null) pools.push(pool)
    }
    const [user = '', ...bridges] = namesIn(await this.#shell(HOST_SCRIPT, waits))
    return {
      capabilities,
      libvirtVersion: versions.libvirt,
      hypervisorVersion: versions.hypervisor,
      freeMemoryBytes: freeBytesOf(await this.#read(['freecell'], waits)),
      pools,
      networks: namesIn(await this.#read(['net-list', '--name'], waits)).map((name) => name.trim()),
      bridges,
      domains: await this.#domains(waits),
      user
    }
  }

  async domain(uuid: VmUuid, waits: Waits): Promise<DomainLook> {
    const facts = readDomainFacts(await this.#read(['dumpxml', uuid], waits))
    if (facts === null) throw unreadable('dumpxml')
    const has = async (which: string): Promise<boolean> =>
      parseUuidLines(await this.#read(['list', '--all', '--uuid', which], waits)).has(uuid)
    // libvirt before 5.6 knows no checkpoints, so there are none.
    const checkpoints = await this.#read(['checkpoint-list', uuid, '--name'], waits).catch(unlessNothing)
    return {
      state: parseDomstate(await this.#read(['domstate', uuid], waits)),
      persistent: await has('--persistent'),
      autostart: await has('--autostart'),
      hasManagedSave: await has('--with-managed-save'),
      snapshots: namesIn(await this.#read(['snapshot-list', uuid, '--name'], waits)).length,
      checkpoints: namesIn(checkpoints ?? '').length,
      facts
    }
  }

  async where(uuid: VmUuid, waits: Waits): Promise<Where> {
    const all = await this.#domains(waits)
    if (!all.some((domain) => domain.uuid === uuid)) return { state: null, persistent: false }
    const persistent = parseUuidLines(await this.#read(['list', '--all', '--uuid', '--persistent'], waits))
    const state = parseDomstate(await this.#read(['domstate', uuid], waits))
    return { state, persistent: persistent.has(uuid) }
  }

  /** Both forms hold secrets and are refused to a read-only connection. */
  async definition(
    uuid: VmUuid,
    form: 'live' | 'persistent',
    changes: DomainChanges,
    waits: Waits
  ): Promise<string> {
    const as = form === 'live' ? '--migratable' : '--inactive'
    const text = await this.readFully(['dumpxml', uuid, as, '--security-info'], waits)
    const changed = rewriteDomain(text, changes)
    if (changed === null) throw unreadable('dumpxml')
    return changed
  }

  async volumeAt(path: string, waits: Waits): Promise<PlacedVolume | null> {
    const pool = await this.#read(['vol-pool', '--vol', path], waits).catch(unlessNothing)
    if (pool === null) return null
    return this.#volumeIn(pool.trim(), path, waits)
  }

  volume(pool: string, name: string, waits: Waits): Promise<PlacedVolume | null> {
    return this.#volumeIn(pool, name, waits)
  }

  async presence(paths: readonly string[], waits: Waits): Promise<readonly Presence[]> {
    if (paths.length === 0) return []
    const looks = paths.map((path) => `look ${quote(path)}`).join('\n')
    const words = namesIn(await this.#shell(`${PRESENCE_SCRIPT}\n${looks}\n`, waits))
    return paths.map((_path, index) => {
      const word = words[index]
      return word === 'there' || word === 'absent' ? word : 'unknown'
    })
  }

  async compareCpu(
    { xml, as }: { readonly xml: string; readonly as: 'guest' | 'host' },
    facts: DomainFacts,
    { signal, deadlineMs = READ_DEADLINE_MS }: Waits
  ): Promise<{ fits: boolean; words: string }> {
    const guest = ['hypervisor-cpu-compare', '--virttype', facts.virtType, '--arch', facts.architecture]
    const args = [...(as === 'guest' ? guest : ['cpu-compare']), '--error', STDIN]
    const script = virshScript(this.#deps.uri, { args, document: xml }, as === 'host')
    const { exitCode, stderr } = await this.#deps.connection.run(script, { signal, deadlineMs })
    return { fits: exitCode === 0, words: lastLine(stderr) }
  }

  async reaches(way: DirectWay, { signal }: Waits): Promise<{ works: boolean; words: string }> {
    const script = virshScript(directUri(way), { args: ['uri'] }, false)
    const { exitCode, stderr } = await this.#deps.connection.run(script, {
      signal,
      deadlineMs: REACH_DEADLINE_MS
    })
    return { works: exitCode === 0, words: lastLine(stderr) }
  }

  async job(uuid: VmUuid, waits: Waits): Promise<JobFacts> {
    return readJobInfo(await this.#read(['domjobinfo', uuid], waits))
  }

  async checksum(
    pool: string,
    name: string,
    script: string,
    { signal, deadlineMs }: Required<Waits>
  ): Promise<string> {
    const { stdout, stderr } = await this.#deps.connection.run(script, { signal, deadlineMs })
    const sum = /^([0-9a-f]{64})\b/.exec(stdout)?.[1]
    if (sum === undefined || stderr.trim() !== '')
      throw new AppError('libvirtFailed', {
        params: { stderr: stderr.trim().slice(0, 2_000), path: `${pool}/${name}` }
      })
    return sum
  }

  /** A read that only a connection which may also write is allowed. */
  async readFully(
    args: readonly string[],
    { signal, deadlineMs = READ_DEADLINE_MS }: Waits
  ): Promise<string> {
    const script = virshScript(this.#deps.uri, { args }, false)
    const { exitCode, stdout, stderr } = await this.#deps.connection.run(script, { signal, deadlineMs })
    if (exitCode !== 0)
      throw new AppError('libvirtFailed', { params: { stderr: stderr.trim().slice(0, 2_000) } })
    return stdout
  }

  /** The output of a constant script without virsh. */
  async #shell(script: string, { signal, deadlineMs = READ_DEADLINE_MS }: Waits): Promise<string> {
    const { stdout } = await this.#deps.connection.run(`${ENVIRONMENT}\n${script}`, { signal, deadlineMs })
    return stdout
  }

  #read(args: readonly string[], { signal, deadlineMs = READ_DEADLINE_MS }: Waits): Promise<string> {
    return this.#deps.virsh.read(args, { signal, deadlineMs })
  }

  async #domains(waits: Waits): Promise<readonly { uuid: string; name: string }[]> {
    return parseListing(await this.#read(['list', '--all', '--uuid', '--id', '--name'], waits)).domains
  }

  async #volumeIn(pool: string, vol: string, waits: Waits): Promise<PlacedVolume | null> {
    const text = await this.#read(['vol-dumpxml', '--pool', pool, '--vol', vol], waits).catch(unlessNothing)
    const volume = text === null ? null : readVolume(text)
    return volume === null ? null : { ...volume, pool }
  }
}

const HOST_SCRIPT = `: virthelm-host-look
id -un
for one in /sys/class/net/*/bridge; do [ -d "$one" ] && one=\${one%/bridge} && printf '%s\\n' "\${one##*/}"; done
true
`

const PRESENCE_SCRIPT = `: virthelm-presence
look() {
words=$(ls -d -- "$1" 2>&1 >/dev/null) && echo there && return
case $words in *'No such file'*) echo absent ;; *) echo unknown ;; esac
}`

/** libvirt has no such thing: an answer. Anything else is none. */
function unlessNothing(error: unknown): null {
  if (error instanceof AppError && error.code === 'libvirtFailed') return null
  throw error
}

function freeBytesOf(text: string): number | null {
  const kib = /Total:\s+(\d{1,15}) KiB/.exec(text)?.[1]
  return kib === undefined ? null : Number(kib) * 1024
}

const lastLine = (text: string): string => (text.trim().split('\n').pop() ?? '').slice(0, 1_000)

const unreadable = (subject: string): AppError => new AppError('protocolViolation', { params: { subject } })
