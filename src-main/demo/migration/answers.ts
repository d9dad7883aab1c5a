/** What a demo server tells about itself and its disks when a VM is to leave it or to come. */
import type { DemoDomain } from '../model.ts'
import type { SimulatedHost } from '../host.ts'
import { answerTo, type VirshOutput } from '../virsh-answers.ts'
import type { VirshCall } from '../virsh/one-shot.ts'

/** Files that the console made on this server, by path. */
export interface DemoVolume {
  readonly name: string
  readonly format: string
  readonly capacityBytes: number
  /** Of what was sent into it. */
  sha256: string | null
}

export interface DemoMigrationState {
  readonly volumes: Map<string, DemoVolume>
  job: { readonly startedAtMs: number; readonly totalBytes: number; stop(): void } | null
  /** When the console last asked where libvirt listens: the target of the next live move. */
  askedAtMs: number
}

export const FOLDER = '/var/lib/libvirt/images'
/** A live move takes about so long. */
export const MOVE_TAKES_MS = 9_000
const POOL = 'default'
const KIB = 1024

const printed = (output: string): VirshOutput => ({ output, error: '' })
const failed = (error: string): VirshOutput => ({ output: '\n', error: `error: ${error}\n` })

/** null: not one of these commands. */
export function answerFor(
  host: SimulatedHost,
  state: DemoMigrationState,
  { words, document }: VirshCall
): VirshOutput | null {
  const [verb = '', ...args] = words
  const option = (name: string): string => args[args.indexOf(name) + 1] ?? ''
  const domain = host.domains.find((one) => one.uuid === args.find((word) => word === one.uuid))
  switch (verb) {
    case 'capabilities':
      return printed(capabilities(host))
    case 'pool-list':
    case 'net-list':
      return printed(`${POOL}\n\n`)
    case 'pool-dumpxml':
      return printed(poolXml(host))
    case 'freecell':
      return printed(
        `Total: ${Math.round((host.profile.memoryBytes - host.counters.memoryUsedBytes) / KIB)} KiB\n`
      )
    case 'list':
      if (args.includes('--with-managed-save')) return printed('\n')
      return answerTo(host, words.join(' '))
    case 'dumpxml':
    case 'domstate':
      return answerTo(
        host,
        words.filter((word) => !['--migratable', '--security-info', '--inactive'].includes(word)).join(' ')
      )
    case 'snapshot-list':
    case 'checkpoint-list':
      return printed('\n')
    case 'hypervisor-cpu-compare':
    case 'cpu-compare':
      return printed('CPU described in /dev/stdin is identical to host CPU\n')
    case 'vol-pool':
      return pathKnown(host, state, option('--vol'))
        ? printed(`${POOL}\n`)
        : failed('Storage volume not found')
    case 'vol-dumpxml':
      return volumeXml(host, state, option('--vol'))
    case 'vol-create-as': {
      const name = option('--name')
      const capacityBytes = Number.parseInt(option('--capacity'), 10)
      state.volumes.set(`${FOLDER}/${name}`, {
        name,
        format: option('--format'),
        capacityBytes,
        sha256: null
      })
      return printed(`Vol ${name} created\n`)
    }
    case 'vol-delete':
      state.volumes.delete(`${FOLDER}/${option('--vol')}`)
      return printed(`Vol ${option('--vol')} deleted\n`)
    case 'domjobinfo':
      return printed(jobInfo(state))
    case 'domjobabort':
      state.job?.stop()
      return printed('\n')
    case 'define':
      return document === null ? failed('XML document is empty') : null
    case 'undefine':
      if (domain === undefined) return failed('failed to get domain')
      host.forget(domain)
      return printed(`Domain '${domain.name}' has been undefined\n`)
    case 'autostart':
      if (domain !== undefined) domain.autostart = true
      return printed('\n')
    default:
      return null
  }
}

const diskAt = (host: SimulatedHost, path: string): DemoDomain['disks'][number] | undefined =>
  host.domains.flatMap((domain) => domain.disks).find((disk) => disk.source === path)

const pathKnown = (host: SimulatedHost, state: DemoMigrationState, path: string): boolean =>
  state.volumes.has(path) || diskAt(host, path) !== undefined

function volumeXml(host: SimulatedHost, state: DemoMigrationState, vol: string): VirshOutput {
  const path = vol.startsWith('/') ? vol : `${FOLDER}/${vol}`
  const disk = diskAt(host, path)
  const made = state.volumes.get(path)
  const capacity = disk?.capacityBytes ?? made?.capacityBytes
  if (capacity === undefined) return failed(`Storage volume not found: ${vol}`)
  const allocation = Math.round(disk?.allocationBytes ?? 200_704)
  return printed(`<volume type='file'>
  <name>${path.slice(FOLDER.length + 1)}</name>
  <capacity unit='bytes'>${capacity}</capacity>
  <allocation unit='bytes'>${allocation}</allocation>
  <physical unit='bytes'>${allocation}</physical>
  <target>
    <path>${path}</path>
    <format type='${disk?.format ?? made?.format ?? 'raw'}'/>
    <timestamps><mtime>1764300000.000000001</mtime></timestamps>
  </target>
</volume>
`)
}

function poolXml(host: SimulatedHost): string {
  const mount = [...host.profile.mounts].sort((a, b) => b.sizeBytes - a.sizeBytes)[0]
  const available = mount === undefined ? 0 : mount.sizeBytes - host.mountUsedBytes(mount)
  return `<pool type='dir'>
  <name>${POOL}</name>
  <available unit='bytes'>${Math.round(available)}</available>
  <source/>
  <target><path>${FOLDER}</path></target>
</pool>
`
}

function capabilities(host: SimulatedHost): string {
  return `<capabilities>
  <host>
    <uuid>${host.seed.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000</uuid>
    <cpu><arch>x86_64</arch><model>Cascadelake-Server</model><vendor>Intel</vendor></cpu>
  </host>
  <guest>
    <os_type>hvm</os_type>
    <arch name='x86_64'>
      <emulator>/usr/bin/qemu-system-x86_64</emulator>
      <machine canonical='pc-q35-7.2' maxCpus='288'>q35</machine>
      <domain type='qemu'/><domain type='kvm'/>
    </arch>
  </guest>
</capabilities>
`
}

function jobInfo({ job }: DemoMigrationState): string {
  if (job === null) return 'Job type:         None\n'
  const done = Math.min(1, (Date.now() - job.startedAtMs) / MOVE_TAKES_MS) * job.totalBytes
  const mib = (bytes: number): string => `${(bytes / KIB ** 2).toFixed(3)} MiB`
  return `Job type:         Unbounded
Operation:        Outgoing migration
Data processed:   ${mib(done)}
Data remaining:   ${mib(job.totalBytes - done)}
Data total:       ${mib(job.totalBytes)}
`
}
