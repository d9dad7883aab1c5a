/** Volumes are made, copied, grown and deleted: by the pool's UUID and their name, journalled, never one over another. */
import { AppError } from '#contract/errors.ts'
import type { Volume } from '#contract/storage.ts'
import type { NewVolume } from '#contract/volumes.ts'
import type { ActionJournal } from '../../../application/machines/hypervisor.ts'
import type { VolumeHandle } from '../../../application/stores/stores.ts'
import { volumeXml } from '../../../domain/libvirt/store-documents.ts'
import { STDIN, type Virsh } from '../virsh.ts'
import { parseVolumeXml } from './pool-xml.ts'
import { asTaken } from './store-writes.ts'

const DEADLINE_MS = 30_000
/** Taking all of a large volume's space, or copying it. */
const LONG_DEADLINE_MS = 12 * 3_600_000
const LOOK_EVERY_MS = 1_500
/** A volume that libvirt still fills cannot be removed; it is tried until then. */
const REMOVE_FOR_MS = 60_000

export const volumeWords = ({ poolUuid, name }: Pick<VolumeHandle, 'poolUuid' | 'name'>): string[] => [
  '--pool',
  poolUuid,
  '--vol',
  name
]

export const deleteWords = (volume: VolumeHandle): string[] => ['vol-delete', ...volumeWords(volume)]

/** Resolves with the new volume's path. */
export async function createVolume(
  virsh: Virsh,
  volume: NewVolume,
  journal: ActionJournal,
  signal: AbortSignal
): Promise<string> {
  const { poolUuid, name } = volume
  const isFull = volume.allocation === 'full'
  const document = volumeXml({ ...volume, allocationBytes: isFull ? volume.capacityBytes : 0 })
  const deadlineMs = isFull ? LONG_DEADLINE_MS : DEADLINE_MS
  return making(virsh, { poolUuid, name }, journal, signal, () =>
    virsh.write({ args: ['vol-create', '--pool', poolUuid, '--file', STDIN], document }, journal, {
      signal,
      deadlineMs
    })
  )
}

/** A copy of all that a guest would see: one file without backing files, of the same format and size. */
export async function cloneVolume(
  virsh: Virsh,
  volume: Volume,
  newName: string,
  context: {
    readonly journal: ActionJournal
    readonly signal: AbortSignal
    progress(doneBytes: number): void
  }
): Promise<string> {
  const { journal, signal } = context
  const { poolUuid, name } = volume
  const document = volumeXml({
    name: newName,
    format: volume.format ?? 'raw',
    capacityBytes: volume.capacityBytes ?? 0,
    allocationBytes: 0,
    backing: null
  })
  const args = [
    'vol-create-from',
    '--pool',
    poolUuid,
    '--file',
    STDIN,
    '--inputpool',
    poolUuid,
    '--vol',
    name
  ]
  return making(virsh, { poolUuid, name: newName }, journal, signal, async () => {
    const ended = new AbortController()
    const looking = lookAtSize(virsh, { poolUuid, name: newName }, context, ended.signal)
    try {
      await virsh.write({ args, document }, journal, { signal, deadlineMs: LONG_DEADLINE_MS })
    } finally {
      ended.abort()
      await looking
    }
  })
}

/** How much of the copy is there; a look that fails is left out. */
async function lookAtSize(
  virsh: Virsh,
  { poolUuid, name }: Pick<VolumeHandle, 'poolUuid' | 'name'>,
  report: { progress(doneBytes: number): void },
  signal: AbortSignal
): Promise<void> {
  while (!signal.aborted) {
    await pause(LOOK_EVERY_MS, signal)
    if (signal.aborted) return
    const xml = await virsh
      .read(['vol-dumpxml', ...volumeWords({ poolUuid, name })], { signal, deadlineMs: 5_000 })
      // How far it is, is a nicety: the copy's own end decides.
      .catch(() => null)
    const allocationBytes = xml === null ? null : parseVolumeXml(xml, poolUuid).allocationBytes
    if (allocationBytes !== null) report.progress(allocationBytes)
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) {
      resolve()
      return
    }
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })

/**
 * Makes a volume under a name that is free. When it fails or is cancelled after it was sent, the volume that this made is
 * removed; a lost answer is looked up before.
 */
async function making(
  virsh: Virsh,
  volume: Pick<VolumeHandle, 'poolUuid' | 'name'>,
  journal: ActionJournal,
  signal: AbortSignal,
  send: () => Promise<unknown>
): Promise<string> {
  const { name } = volume
  if ((await pathOf(virsh, volume, signal)) !== null) throw new AppError('conflict', { params: { name } })
  try {
    await send()
  } catch (error) {
    // libvirt says so before it makes anything; any other end may leave something.
    if (error instanceof AppError && error.code === 'libvirtFailed') return asTaken(name)(error)
    await removeUnfinished(virsh, volume, journal)
    throw error
  }
  const path = await pathOf(virsh, volume, AbortSignal.timeout(DEADLINE_MS))
  if (path === null) throw new AppError('notFound', { params: { name } })
  return path
}

/** null = there is none of this name. */
async function pathOf(
  virsh: Virsh,
  volume: Pick<VolumeHandle, 'poolUuid' | 'name'>,
  signal: AbortSignal
): Promise<string | null> {
  try {
    const path = await virsh.read(['vol-path', ...volumeWords(volume)], { signal, deadlineMs: DEADLINE_MS })
    return path.replace(/\n+$/, '')
  } catch (error) {
    if (error instanceof AppError && error.code === 'libvirtFailed' && NO_VOLUME.test(words(error)))
      return null
    throw error
  }
}

const NO_VOLUME = /storage vol(?:ume)? not found|no storage vol(?:ume)? with matching|failed to get vol/i
const STILL_IN_USE = /still (?:being allocated|in use)/i
const words = (error: AppError): string => String(error.params.stderr ?? '')

export async function growVolume(
  virsh: Virsh,
  { volume, capacityBytes }: { readonly volume: Volume; readonly capacityBytes: number },
  journal: ActionJournal,
  signal: AbortSignal
): Promise<void> {
  const args = ['vol-resize', ...volumeWords(volume), '--capacity', `${capacityBytes}B`]
  await virsh.write({ args }, journal, { signal, deadlineMs: DEADLINE_MS })
}

export async function deleteVolume(
  virsh: Virsh,
  volume: VolumeHandle,
  journal: ActionJournal,
  signal: AbortSignal
): Promise<void> {
  await virsh.write({ args: deleteWords(volume) }, journal, { signal, deadlineMs: DEADLINE_MS })
}

/** Throws when it could not be removed: then something is left, and the operator has to know. */
export async function removeUnfinished(
  virsh: Virsh,
  volume: Pick<VolumeHandle, 'poolUuid' | 'name'>,
  journal: ActionJournal
): Promise<void> {
  const signal = AbortSignal.timeout(REMOVE_FOR_MS + DEADLINE_MS)
  const startedMs = performance.now()
  for (;;) {
    if ((await pathOf(virsh, volume, signal)) === null) return
    try {
      await virsh.write({ args: ['vol-delete', ...volumeWords(volume)] }, journal, {
        signal,
        deadlineMs: DEADLINE_MS
      })
      return
    } catch (error) {
      const waits = error instanceof AppError && STILL_IN_USE.test(words(error))
      if (!waits || performance.now() - startedMs > REMOVE_FOR_MS) throw error
    }
    await pause(LOOK_EVERY_MS, signal)
  }
}
