/** Clones by virsh: what there is, and single journalled commands. Nothing here needs a file of the server's own shell. */
import { randomUUID } from 'node:crypto'
import { posix } from 'node:path'
import { AppError } from '#contract/errors.ts'
import type { VmUuid } from '#contract/ids.ts'
import { parseByteFields } from '../../domain/libvirt/block-words.ts'
import { parseDomstate } from '../../domain/libvirt/domain-state.ts'
import { parseListing, parseUuidLines } from '../../domain/libvirt/listing.ts'
import { virthelmMetadataArgs } from '../../domain/libvirt/virthelm-metadata.ts'
import type { CloneHost, CloneSource, SourceDisk, StoragePool } from '../../application/clones/clone-host.ts'
import { cloneXml, notesOf } from './clone-xml.ts'
import { parseCloneSource, type ParsedDisk } from './clone-source-xml.ts'
import { poolOfFolder, poolOfPath } from './used-paths.ts'
import { STDIN, type Virsh, type VirshOptions } from './virsh.ts'
import { parsePoolXml, parseVolumeXml } from './volume-xml.ts'
import { volumeDocument } from './volume-document.ts'

const READ_DEADLINE_MS = 15_000
const SHORT_DEADLINE_MS = 60_000
const START_DEADLINE_MS = 120_000
/** A copy takes as long as its disk is large. */
const COPY_DEADLINE_MS = 12 * 3_600_000

const FILE_POOLS = new Set(['dir', 'fs', 'netfs'])

export function createCloneHost(virsh: Virsh): CloneHost {
  const short = (signal: AbortSignal): VirshOptions => ({ signal, deadlineMs: SHORT_DEADLINE_MS })
  const reading = (signal: AbortSignal): VirshOptions => ({ signal, deadlineMs: READ_DEADLINE_MS })
  return {
    read: (vm, signal) => readSource(virsh, vm, reading(signal)),
    async volume(poolUuid, name, signal) {
      const [info, path] = await virsh.readEach(
        [
          ['vol-info', '--bytes', `--pool=${poolUuid}`, `--vol=${name}`],
          ['vol-path', `--pool=${poolUuid}`, `--vol=${name}`]
        ],
        reading(signal)
      )
      if (typeof info !== 'string' || typeof path !== 'string') return null
      return {
        path: path.replace(/\n+$/, ''),
        allocationBytes: parseByteFields(info).get('Allocation') ?? 0
      }
    },
    async createVolume(volume, journal, signal) {
      const args = ['vol-create', `--pool=${volume.poolUuid}`, `--file=${STDIN}`]
      await virsh.write({ args, document: volumeDocument(volume) }, journal, short(signal))
    },
    async copyVolume(volume, fromPath, journal, signal) {
      // Images that came beside libvirt (overlays of snapshots) are found only after a refresh.
      if ((await poolOfPath(virsh, fromPath, journal, short(signal))) === null)
        throw new AppError('cloneNotPossible', { params: { reason: 'diskNotInPool', disks: fromPath } })
      const args = ['vol-create-from', `--pool=${volume.poolUuid}`, `--file=${STDIN}`, `--vol=${fromPath}`]
      const document = volumeDocument(volume)
      await virsh.write({ args, document }, journal, { signal, deadlineMs: COPY_DEADLINE_MS })
    },
    async deleteVolume(poolUuid, name, journal, signal) {
      try {
        await virsh.write(
          { args: ['vol-delete', `--pool=${poolUuid}`, `--vol=${name}`] },
          journal,
          short(signal)
        )
        return 'done'
      } catch (error) {
        const words = error instanceof AppError ? String(error.params['stderr'] ?? '') : ''
        if (/Storage volume not found/.test(words)) return 'absent'
        if (/still being allocated|still in use/.test(words)) return 'busy'
        throw error
      }
    },
    async poolOver(path, journal, signal) {
      const folder = posix.dirname(path)
      const known = await poolOfFolder(virsh, folder, reading(signal))
      if (known !== null) {
        await virsh.write({ args: ['pool-refresh', known] }, journal, short(signal))
        return { poolUuid: known, close: () => Promise.resolve() }
      }
      // A transient one: it is gone with its end, and its files stay. libvirt refuses a second pool of the same name.
      const name = `virthelm-${randomUUID()}`
      try {
        const args = ['pool-create-as', name, 'dir', `--target=${folder}`]
        await virsh.write({ args }, journal, short(signal))
      } catch (error) {
        if (error instanceof AppError && error.code === 'libvirtFailed') return null
        throw error
      }
      return {
        poolUuid: name,
        close: async () => {
          await virsh.write(
            { args: ['pool-destroy', name] },
            journal,
            short(AbortSignal.timeout(SHORT_DEADLINE_MS))
          )
        }
      }
    },
    async define(source, changes, journal, signal) {
      const document = cloneXml(source.xml, changes)
      await virsh.write({ args: ['define', STDIN], document }, journal, short(signal))
    },
    async undefine(uuid, journal, signal) {
      // Volumes and NVRAM are taken away by name, as they were made.
      await virsh.write({ args: ['undefine', uuid, '--keep-nvram'] }, journal, short(signal))
    },
    async exists(uuid, signal) {
      return parseUuidLines(await virsh.read(['list', '--all', '--uuid'], reading(signal))).has(uuid)
    },
    async start(uuid, journal, signal) {
      await virsh.write({ args: ['start', uuid] }, journal, { signal, deadlineMs: START_DEADLINE_MS })
    },
    async setMarks({ uuid, isLive }, marks, journal, signal) {
      await virsh.write({ args: virthelmMetadataArgs(uuid, marks, isLive) }, journal, short(signal))
    }
  }
}

async function readSource(
  virsh: Virsh,
  { uuid, seenName }: { uuid: VmUuid; seenName: string | null },
  options: VirshOptions
): Promise<CloneSource> {
  const [listing, state, xml, poolLines] = await virsh.readEach(
    [
      ['list', '--all', '--uuid', '--id', '--name'],
      ['domstate', uuid],
      ['dumpxml', uuid, '--inactive'],
      ['pool-list', '--uuid']
    ],
    options
  )
  const { domains } = parseListing(textOf(listing))
  const listed = domains.find((domain) => domain.uuid === uuid)
  if (listed === undefined) throw new AppError('vmNotFound', { params: { vmUuid: uuid } })
  const name = listed.name.slice(0, 4096)
  if (seenName !== null && listed.name !== seenName)
    throw new AppError('vmChanged', { params: { seenName, name } })
  const text = textOf(xml)
  const domainState = parseDomstate(textOf(state))
  const parsed = parseCloneSource(text)
  const pools = await readPools(virsh, [...parseUuidLines(orEmpty(poolLines))], options)
  return {
    name,
    state: domainState,
    marks: parsed.marks,
    disks: await withVolumes(virsh, { uuid, isOff: domainState === 'shutOff' }, parsed.disks, pools, options),
    media: parsed.media,
    nvramPath: parsed.nvramPath,
    notes: notesOf(text),
    pools,
    takenNames: domains.map((domain) => domain.name.slice(0, 4096)),
    xml: text
  }
}

async function readPools(
  virsh: Virsh,
  uuids: readonly string[],
  options: VirshOptions
): Promise<StoragePool[]> {
  const documents = await virsh.readEach(
    uuids.map((uuid) => ['pool-dumpxml', uuid]),
    options
  )
  return documents.flatMap((document, index) =>
    typeof document === 'string' ? [{ ...parsePoolXml(document), uuid: uuids[index] ?? '' }] : []
  )
}

/** By the volume that libvirt knows; where it knows none yet, by the pool over the file's folder. */
async function withVolumes(
  virsh: Virsh,
  { uuid, isOff }: { uuid: VmUuid; isOff: boolean },
  disks: readonly ParsedDisk[],
  pools: readonly StoragePool[],
  options: VirshOptions
): Promise<SourceDisk[]> {
  const answers = await virsh.readEach(
    disks.flatMap(({ path, target }) => [
      ['vol-pool', '--uuid', path ?? '/'],
      ['vol-dumpxml', path ?? '/'],
      // Of a running VM it would ask the monitor, which may hang; such a one is not cloned anyway.
      isOff ? ['domblkinfo', uuid, target] : ['domstate', uuid]
    ]),
    options
  )
  return disks.map((disk, index) => {
    const [poolAnswer, volumeAnswer, blockAnswer] = answers.slice(index * 3, index * 3 + 3)
    const folder = disk.path === null ? null : posix.dirname(disk.path)
    const pool =
      pools.find((one) => one.uuid === orEmpty(poolAnswer).trim()) ??
      pools.find((one) => one.folder !== null && one.folder === folder)
    if (disk.path === null || pool === undefined) return { ...disk, volume: null }
    const volume = typeof volumeAnswer === 'string' ? parseVolumeXml(volumeAnswer) : null
    const block = parseByteFields(orEmpty(blockAnswer))
    return {
      ...disk,
      volume: {
        poolUuid: pool.uuid,
        poolName: pool.name,
        isFilePool: FILE_POOLS.has(pool.type),
        capacityBytes: volume?.capacityBytes ?? block.get('Capacity') ?? null,
        allocationBytes: volume?.allocationBytes ?? block.get('Allocation') ?? null
      }
    }
  })
}

const orEmpty = (answer: string | AppError | undefined): string => (typeof answer === 'string' ? answer : '')

function textOf(answer: string | AppError | undefined): string {
  if (typeof answer === 'string') return answer
  throw answer ?? new AppError('protocolViolation', { params: { subject: 'virsh' } })
}
