/** Snapshots of demo VMs: a tree for some of them, and what virsh does with it. */
import { isActive } from '../../domain/libvirt/domain-state.ts'
import type { DemoDomain, DemoHost } from '../model.ts'
import { answerTo, escaped, failed, printed, type VirshOutput } from '../virsh-answers.ts'
import type { VirshAnswers, VirshCall } from './one-shot.ts'

interface DemoSnapshot {
  readonly name: string
  parent: string | null
  readonly description: string
  readonly kind: 'internal' | 'external'
  readonly memory: boolean
  readonly state: string
  readonly createdSec: number
  /** Disk target → its file when the snapshot was taken. */
  readonly before: ReadonlyMap<string, string>
  /** Disk target → the overlay that it began. */
  readonly overlays: ReadonlyMap<string, string>
  readonly memoryPath: string | null
}

interface Tree {
  snapshots: DemoSnapshot[]
  current: string | null
}

interface MergeJob {
  readonly basePath: string
  readonly startedMs: number
  readonly totalBytes: number
}

const trees = new WeakMap<DemoDomain, Tree>()
const jobs = new WeakMap<DemoDomain, Map<string, MergeJob>>()
const MERGE_BYTES_PER_MS = 300_000
const MERGE_BYTES = 2.4e9
const DAY_SEC = 86_400

/** Of the VMs by these names, on whichever server they are: [name, parent, days ago, kind, memory, description]. */
type Seed = readonly [string, string | null, number, DemoSnapshot['kind'], boolean, string]
const SEEDS: Readonly<Record<string, readonly Seed[]>> = {
  staging: [
    ['clean-install', null, 61, 'internal', false, 'Right after the installer, before the first login.'],
    ['configured', 'clean-install', 58, 'internal', false, 'Users, keys, monitoring.'],
    ['before-upgrade', 'configured', 12, 'internal', true, 'Debian 12 → 13, in case it goes wrong.'],
    ['upgrade-tried', 'before-upgrade', 11.8, 'internal', true, 'Broken: mail does not start.'],
    ['release-2.4', 'configured', 4, 'internal', true, ''],
    ['release-2.5-rc1', 'release-2.4', 0.3, 'internal', true, 'Candidate for Thursday.']
  ],
  'web-01': [
    ['before-php', null, 9, 'external', false, 'Disks only, quiesced.'],
    ['before-tls', 'before-php', 2, 'external', true, '']
  ],
  gitlab: [['before-16.11', null, 3, 'external', true, 'Backup of the database is beside it.']],
  'old-wiki': [['last-known-good', null, 420, 'internal', false, '']]
}

function treeOf(domain: DemoDomain): Tree {
  const known = trees.get(domain)
  if (known !== undefined) return known
  const tree: Tree = { snapshots: [], current: null }
  trees.set(domain, tree)
  for (const [name, parent, daysAgo, kind, memory, description] of SEEDS[domain.name] ?? []) {
    const createdSec = Math.round(Date.now() / 1000 - daysAgo * DAY_SEC)
    add(domain, { name, parent, description, kind, memory, createdSec })
  }
  return tree
}

function add(
  domain: DemoDomain,
  request: Pick<DemoSnapshot, 'name' | 'description' | 'kind' | 'memory' | 'parent' | 'createdSec'>
): void {
  const tree = trees.get(domain) ?? { snapshots: [], current: null }
  const before = new Map(domain.disks.map(({ target, source }) => [target, source]))
  const overlays = new Map<string, string>()
  if (request.kind === 'external') {
    for (const disk of domain.disks) {
      disk.backing = [disk.source, ...(disk.backing ?? [])]
      disk.source = `${disk.source.replace(/\.[^./]*$/, '')}.${request.name}`
      overlays.set(disk.target, disk.source)
    }
  }
  const memoryPath =
    request.memory && request.kind === 'external'
      ? `/var/lib/libvirt/images/${domain.name}.${request.name}.mem`
      : null
  const state = request.memory
    ? 'running'
    : request.kind === 'external' && isActive(domain.state)
      ? 'disk-snapshot'
      : 'shutoff'
  tree.snapshots.push({ ...request, before, overlays, memoryPath, state })
  tree.current = request.name
}

function withDomain(
  answer: (domain: DemoDomain, call: VirshCall, host: DemoHost) => VirshOutput
): VirshAnswers[string] {
  return (host, call) => {
    const uuid = call.words[1] ?? ''
    const domain = host.domains.find((candidate) => candidate.uuid === uuid)
    return domain === undefined ? failed(`failed to get domain '${uuid}'`) : answer(domain, call, host)
  }
}

const option = ({ words }: VirshCall, name: string): string | null =>
  words.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3) ?? null

const missing = (name: string): VirshOutput =>
  failed(`Domain snapshot not found: no domain snapshot with matching name '${name}'`)

/** What the resident virsh answers too. */
const asResident: VirshAnswers[string] = (host, { words }) => answerTo(host, words.join(' '))

export const snapshotAnswers: VirshAnswers = {
  list: asResident,
  domstate: asResident,
  domcontrol: asResident,
  dumpxml: (host, call) => {
    // The tree first: it says which files the disks are on.
    for (const domain of host.domains) treeOf(domain)
    return asResident(host, call)
  },
  'snapshot-list': withDomain((domain) =>
    printed(
      `${treeOf(domain)
        .snapshots.map(({ name }) => `${name}\n`)
        .join('')}\n`
    )
  ),
  'snapshot-current': withDomain((domain) => {
    const { current } = treeOf(domain)
    return current === null ? failed(`domain '${domain.name}' has no current snapshot`) : printed(current)
  }),
  'snapshot-dumpxml': withDomain((domain, call) => {
    const name = option(call, 'snapshotname') ?? ''
    const snapshot = treeOf(domain).snapshots.find((one) => one.name === name)
    return snapshot === undefined ? missing(name) : printed(snapshotXml(domain, snapshot))
  }),
  'snapshot-create-as': withDomain(create),
  'snapshot-revert': withDomain(revert),
  'snapshot-delete': withDomain(remove),
  blockcommit: withDomain((domain, { words }) => {
    const target = words[2] ?? ''
    const running = jobs.get(domain) ?? new Map<string, MergeJob>()
    running.set(target, {
      basePath: words[words.indexOf('--base') + 1] ?? '',
      startedMs: Date.now(),
      totalBytes: MERGE_BYTES
    })
    jobs.set(domain, running)
    return printed('Active Block Commit started\n')
  }),
  blockjob: withDomain(blockjob),
  domblkinfo: withDomain((domain, { words }) => {
    const disk = domain.disks.find(({ target }) => target === words[2])
    return disk === undefined
      ? failed(`invalid argument: invalid path ${words[2] ?? ''}`)
      : printed(`Capacity:       ${disk.capacityBytes}\nAllocation:     ${overlayBytes(disk.source)}\n`)
  }),
  'qemu-agent-command': withDomain((domain) =>
    isActive(domain.state)
      ? printed('{"return":{}}\n')
      : failed('Requested operation is not valid: domain is not running')
  ),
  'vol-info': (_host, { words }) =>
    printed(
      `Type: file\nCapacity:       0 bytes\nAllocation:     ${overlayBytes(words.at(-1) ?? '')} bytes\n`
    ),
  'vol-pool': () => printed('7a2c7f52-6b5e-4d3c-9c1d-0d9a5d1c2f10\n'),
  'vol-list': () => printed('\n'),
  'vol-delete': (_host, call) => printed(`Vol ${option(call, 'vol') ?? ''} deleted\n`)
}

/** The same for the same file, so that sizes do not jump. */
function overlayBytes(path: string): number {
  let sum = 7
  for (const sign of path) sum = (sum * 31 + (sign.codePointAt(0) ?? 0)) % 9_973
  return Math.round((0.3 + (sum / 9_973) * 6) * 2 ** 30)
}

function create(domain: DemoDomain, call: VirshCall, host: DemoHost): VirshOutput {
  const tree = treeOf(domain)
  const name = option(call, 'name') ?? ''
  if (domain.hung) return failed('Timed out during operation: cannot acquire state change lock')
  if (tree.snapshots.some((one) => one.name === name))
    return failed(`operation failed: domain snapshot ${name} already exists`)
  const withMemory = call.words.includes('--memspec')
  const kind = withMemory || call.words.includes('--disk-only') ? 'external' : 'internal'
  const memory = withMemory || (kind === 'internal' && isActive(domain.state))
  const description = option(call, 'description') ?? ''
  add(domain, {
    name,
    parent: tree.current,
    description,
    kind,
    memory,
    createdSec: Math.round(Date.now() / 1000)
  })
  host.tell(domain, 'Suspended', 'Snapshot')
  return printed(`Domain snapshot ${name} created\n`)
}

function revert(domain: DemoDomain, call: VirshCall, host: DemoHost): VirshOutput {
  const tree = treeOf(domain)
  const name = option(call, 'snapshotname') ?? ''
  const snapshot = tree.snapshots.find((one) => one.name === name)
  if (snapshot === undefined) return missing(name)
  tree.current = name
  const wantsRunning =
    call.words.includes('--running') || (snapshot.memory && !call.words.includes('--paused'))
  const wantsPaused = call.words.includes('--paused')
  if (isActive(domain.state)) host.act(domain, 'forceOff')
  if (wantsRunning || wantsPaused) host.act(domain, 'start')
  if (wantsPaused) host.act(domain, 'pause')
  return printed(`Domain snapshot ${name} reverted\n`)
}

function remove(domain: DemoDomain, call: VirshCall, host: DemoHost): VirshOutput {
  const tree = treeOf(domain)
  const name = option(call, 'snapshotname') ?? ''
  const snapshot = tree.snapshots.find((one) => one.name === name)
  if (snapshot === undefined) return missing(name)
  const gone = new Set([name])
  if (call.words.includes('--children'))
    for (const one of tree.snapshots) if (one.parent !== null && gone.has(one.parent)) gone.add(one.name)
  tree.snapshots = tree.snapshots.filter((one) => !gone.has(one.name))
  for (const one of tree.snapshots)
    if (one.parent !== null && gone.has(one.parent)) one.parent = snapshot.parent
  if (tree.current !== null && gone.has(tree.current)) tree.current = snapshot.parent
  host.tell(domain, 'Defined', 'Updated')
  return printed(`Domain snapshot ${name} deleted\n`)
}

function blockjob(domain: DemoDomain, { words }: VirshCall): VirshOutput {
  const target = words[2] ?? ''
  const job = jobs.get(domain)?.get(target)
  if (job === undefined) return printed('')
  const done = Math.min(job.totalBytes, (Date.now() - job.startedMs) * MERGE_BYTES_PER_MS)
  if (words.includes('--info'))
    return printed(`type=Active Block Commit\nbandwidth=0\ncur=${Math.round(done)}\nend=${job.totalBytes}\n`)
  jobs.get(domain)?.delete(target)
  const disk = domain.disks.find((one) => one.target === target)
  if (words.includes('--pivot') && disk !== undefined) {
    const depth = disk.backing?.indexOf(job.basePath) ?? -1
    disk.source = job.basePath
    disk.backing = depth < 0 ? [] : (disk.backing ?? []).slice(depth + 1)
  }
  return printed('\n')
}

function snapshotXml(domain: DemoDomain, snapshot: DemoSnapshot): string {
  const memory = !snapshot.memory
    ? `<memory snapshot='no'/>`
    : snapshot.memoryPath === null
      ? `<memory snapshot='internal'/>`
      : `<memory snapshot='external' file='${escaped(snapshot.memoryPath)}'/>`
  const disks = domain.disks.map(({ target }) => {
    const overlay = snapshot.overlays.get(target)
    const source = overlay === undefined ? '' : `<driver type='qcow2'/><source file='${escaped(overlay)}'/>`
    return `<disk name='${escaped(target)}' snapshot='${snapshot.kind}'>${source}</disk>`
  })
  const before = [...snapshot.before].map(
    ([target, path]) =>
      `<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='${escaped(path)}'/><target dev='${escaped(target)}'/></disk>`
  )
  const parent = snapshot.parent === null ? '' : `<parent><name>${escaped(snapshot.parent)}</name></parent>`
  return `<domainsnapshot>
  <name>${escaped(snapshot.name)}</name>
  ${snapshot.description === '' ? '' : `<description>${escaped(snapshot.description)}</description>`}
  <state>${snapshot.state}</state>
  ${parent}
  <creationTime>${snapshot.createdSec}</creationTime>
  ${memory}
  <disks>${disks.join('')}</disks>
  <domain type='kvm'><name>${escaped(domain.name)}</name><uuid>${domain.uuid}</uuid><devices>${before.join('')}</devices></domain>
</domainsnapshot>
`
}
