/** Snapshots by virsh: facts in two round trips whatever their number, and single journalled commands. */
import { AppError } from '#contract/errors.ts'
import type { VmUuid } from '#contract/ids.ts'
import { parseDomcontrol } from '../../domain/libvirt/domcontrol.ts'
import { parseDomstate } from '../../domain/libvirt/domain-state.ts'
import { parseBlockJob, parseByteFields, parseDomblkinfo } from '../../domain/libvirt/block-words.ts'
import { parseListing } from '../../domain/libvirt/listing.ts'
import type { ActionJournal } from '../../application/machines/hypervisor.ts'
import type {
  SnapshotFacts,
  SnapshotHost,
  VmDisk,
  VmSnapshots
} from '../../application/snapshots/snapshot-host.ts'
import { parseDomainForSnapshots, parseSnapshotXml } from './snapshot-xml.ts'
import { deletePooledFile, pathsInUse } from './used-paths.ts'
import type { Virsh, VirshOptions } from './virsh.ts'

export interface SnapshotDeps {
  readonly virsh: Virsh
  readonly libvirtVersion: string | null
  /** Whether the VM's monitor was found to be stuck. */
  readonly isHung: (uuid: string) => boolean
}

const READ_DEADLINE_MS = 15_000
const SHORT_DEADLINE_MS = 30_000
/** Memory is written to the disk, or read from it. */
const LONG_DEADLINE_MS = 30 * 60_000
const AGENT_DEADLINE_SEC = 5
const OCCUPIED_MS = 800
const MAX_SNAPSHOTS = 1000
const MAX_FILES = 500

export function createSnapshotHost(deps: SnapshotDeps): SnapshotHost {
  const { virsh } = deps
  const write = (
    args: readonly string[],
    journal: ActionJournal,
    signal: AbortSignal,
    deadlineMs: number
  ): Promise<string> => virsh.write({ args }, journal, { signal, deadlineMs })

  return {
    libvirtVersion: deps.libvirtVersion,
    read: (vm, signal) => readAll(deps, vm, signal),
    async agentAnswers(vm, journal, signal) {
      const ping = ['qemu-agent-command', vm.uuid, '{"execute":"guest-ping"}']
      try {
        const bound = ['--timeout', String(AGENT_DEADLINE_SEC)]
        await write([...ping, ...bound], journal, signal, SHORT_DEADLINE_MS)
        return true
      } catch (error) {
        if (error instanceof AppError && error.code === 'libvirtFailed') return false
        throw error
      }
    },
    async create(vm, { name, description, way, quiesce, memoryPath }, journal, signal) {
      const args = ['snapshot-create-as', vm.uuid, `--name=${name}`, '--atomic']
      if (description !== '') args.push(`--description=${description}`)
      if (way === 'external') args.push('--disk-only')
      if (quiesce) args.push('--quiesce')
      if (memoryPath !== null) args.push('--memspec', `file=${escapedList(memoryPath)},snapshot=external`)
      await write(args, journal, signal, LONG_DEADLINE_MS)
    },
    async revert(vm, { snapshot, then }, journal, signal) {
      const args = ['snapshot-revert', vm.uuid, `--snapshotname=${snapshot}`]
      await write(then === 'asTaken' ? args : [...args, `--${then}`], journal, signal, LONG_DEADLINE_MS)
    },
    async delete(vm, { snapshot, what }, journal, signal) {
      const flags = { only: [], withChildren: ['--children'], metadata: ['--metadata'] }[what]
      const args = ['snapshot-delete', vm.uuid, `--snapshotname=${snapshot}`, ...flags]
      await write(args, journal, signal, LONG_DEADLINE_MS)
    },
    async startMerge(vm, { target, basePath }, journal, signal) {
      // Never without --base: the default is the bottom of the chain, which may be the image of other VMs.
      const args = ['blockcommit', vm.uuid, target, '--active', '--base', basePath]
      await write(args, journal, signal, SHORT_DEADLINE_MS)
    },
    async mergeState(uuid, target, signal) {
      const args = ['blockjob', uuid, target, '--info', '--bytes', '--raw']
      return parseBlockJob(await virsh.read(args, { signal, deadlineMs: READ_DEADLINE_MS }))
    },
    async endMerge(vm, { target, how }, journal, signal) {
      await write(['blockjob', vm.uuid, target, `--${how}`], journal, signal, SHORT_DEADLINE_MS)
    },
    usedPaths: (paths, signal) => pathsInUse(virsh, paths, null, { signal, deadlineMs: SHORT_DEADLINE_MS }),
    usedByOthers: (uuid, paths, signal) =>
      pathsInUse(virsh, paths, uuid, { signal, deadlineMs: SHORT_DEADLINE_MS }),
    deleteFile: (path, journal, signal) =>
      deletePooledFile(virsh, path, journal, { signal, deadlineMs: SHORT_DEADLINE_MS })
  }
}

/** A comma inside a value of `--memspec` is written twice. */
const escapedList = (text: string): string => text.replaceAll(',', ',,')

async function readAll(
  { virsh, isHung }: SnapshotDeps,
  { uuid, seenName }: { uuid: VmUuid; seenName: string | null },
  signal: AbortSignal
): Promise<VmSnapshots> {
  const options = { signal, deadlineMs: READ_DEADLINE_MS }
  // None of these waits for a QEMU.
  const [listing, state, control, xml, names, current, persistent] = await virsh.readEach(
    [
      ['list', '--all', '--uuid', '--id', '--name'],
      ['domstate', uuid],
      ['domcontrol', uuid],
      ['dumpxml', uuid],
      ['snapshot-list', uuid, '--name', '--topological'],
      ['snapshot-current', uuid, '--name'],
      ['list', '--all', '--uuid', '--persistent']
    ],
    options
  )
  const listed = parseListing(textOf(listing)).domains.find((domain) => domain.uuid === uuid)
  if (listed === undefined) throw new AppError('vmNotFound', { params: { vmUuid: uuid } })
  const name = listed.name.slice(0, 4096)
  if (seenName !== null && listed.name !== seenName)
    throw new AppError('vmChanged', { params: { seenName, name } })
  const domain = parseDomainForSnapshots(textOf(xml))
  const monitor = parseDomcontrol(orEmpty(control))
  const stuck = isHung(uuid) || (monitor.kind === 'occupied' && monitor.forMs >= OCCUPIED_MS)
  const allNames = textOf(names)
    .split('\n')
    .filter((line) => line !== '')
  const snapshots = await readSnapshots(
    virsh,
    uuid,
    { names: allNames.slice(0, MAX_SNAPSHOTS), current: orEmpty(current).replace(/\n+$/, '') },
    options
  )
  const sizes = stuck
    ? new Map<string, number>()
    : await readSizes(virsh, uuid, domain.disks, snapshots, options)
  return {
    ...domain,
    name,
    state: parseDomstate(textOf(state)),
    isHung: stuck,
    isPersistent: orEmpty(persistent).split('\n').includes(uuid),
    snapshots,
    isCut: allNames.length > MAX_SNAPSHOTS,
    sizes
  }
}

/** A name that is not found any more, or that holds a line feed and so came in pieces, is left out. */
async function readSnapshots(
  virsh: Virsh,
  uuid: VmUuid,
  { names, current }: { names: readonly string[]; current: string },
  options: VirshOptions
): Promise<SnapshotFacts[]> {
  const documents = await virsh.readEach(
    names.map((name) => ['snapshot-dumpxml', uuid, `--snapshotname=${name}`]),
    options
  )
  const snapshots: SnapshotFacts[] = []
  for (const document of documents) {
    if (typeof document !== 'string') continue
    const facts = parseSnapshotXml(document)
    snapshots.push({ ...facts, isCurrent: facts.name === current })
  }
  return snapshots
}

/** Sizes of overlays and memory files: by the pool they lie in; of what the VM writes to now, also by the VM. */
async function readSizes(
  virsh: Virsh,
  uuid: VmUuid,
  disks: readonly VmDisk[],
  snapshots: readonly SnapshotFacts[],
  options: VirshOptions
): Promise<ReadonlyMap<string, number>> {
  const files = new Set<string>()
  for (const snapshot of snapshots) {
    for (const { overlayPath } of snapshot.disks) if (overlayPath !== null) files.add(overlayPath)
    if (snapshot.memoryPath !== null) files.add(snapshot.memoryPath)
  }
  const paths = [...files].slice(0, MAX_FILES)
  const sizes = new Map<string, number>()
  if (paths.length === 0) return sizes
  const own = disks.filter(({ path }) => path !== null && files.has(path))
  const answers = await virsh.readEach(
    [
      ...paths.map((path) => ['vol-info', '--bytes', path]),
      ...own.map(({ target }) => ['domblkinfo', uuid, target])
    ],
    options
  )
  for (const [index, path] of paths.entries()) {
    const bytes = parseByteFields(orEmpty(answers[index])).get('Allocation')
    if (bytes !== undefined) sizes.set(path, bytes)
  }
  for (const [index, { path }] of own.entries()) {
    const bytes = parseDomblkinfo(orEmpty(answers[paths.length + index]))
    if (bytes !== null && path !== null) sizes.set(path, bytes)
  }
  return sizes
}

const orEmpty = (answer: string | AppError | undefined): string => (typeof answer === 'string' ? answer : '')

function textOf(answer: string | AppError | undefined): string {
  if (typeof answer === 'string') return answer
  throw answer ?? new AppError('protocolViolation', { params: { subject: 'virsh' } })
}
