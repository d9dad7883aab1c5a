/**
 * A clone as one operation: volumes, NVRAM, definition, start. Whatever it fails with (or when it is cancelled), what it
 * has made is taken away again, and nothing else.
 */
import { randomUUID } from 'node:crypto'
import { posix } from 'node:path'
import type { CloneProgress, CloneRefusal, CloneRequest, CloneResult } from '#contract/clones.ts'
import { AppError } from '#contract/errors.ts'
import { VmUuid } from '#contract/ids.ts'
import { sleepUnlessAborted, type Clock } from '../clock.ts'
import type { ActionJournal } from '../machines/hypervisor.ts'
import type { CloneHost, CloneSource, NewVolume, SourceDisk, SourceVolume } from './clone-host.ts'
import { fileStemOf, ownDisks, refusalOfClone, refusalOfSpace } from './clone-rules.ts'

export interface CloneWork {
  readonly host: CloneHost
  readonly journal: ActionJournal
  readonly clock: Clock
  readonly signal: AbortSignal
  progress(progress: CloneProgress): void
}

const POLL_MS = 1_000
/** libvirt cannot stop a copy: it is waited for before its file can be deleted. */
const UNDO_DEADLINE_MS = 6 * 3_600_000
const UNDO_POLL_MS = 1_000

/** @throws AppError cloneNotPossible {reason, disks}, conflict {name}, vmChanged, vmNotFound, and those of the commands */
export async function makeClone(work: CloneWork, request: CloneRequest): Promise<CloneResult> {
  const { host, journal, signal } = work
  work.progress({ step: 'checking', doneRatio: null })
  const source = await host.read({ uuid: request.vmUuid, seenName: request.seenName }, signal)
  throwIf(refusalOfClone(source, request.mode))
  throwIf(refusalOfSpace(source, request.mode, request.poolUuid))
  if (source.takenNames.includes(request.name)) throw conflict(request.name)
  const uuid = VmUuid.parse(randomUUID())
  const made: Made = { volumes: [], isDefined: false }
  try {
    const stem = fileStemOf(request.name, uuid)
    const disks = await makeDisks(work, source, request, stem, made)
    const nvramPath = await makeNvram(work, source, stem, made)
    work.progress({ step: 'defining', doneRatio: null })
    // Set before it is sent: an answer that is lost may have made it.
    made.isDefined = true
    await host.define(
      source,
      { uuid, name: request.name, disks, keepMedia: request.keepMedia, nvramPath },
      journal,
      signal
    )
    if (request.markTemplate && request.mode === 'linked' && !source.marks.template) {
      const marks = { ...source.marks, template: true }
      await host.setMarks({ uuid: request.vmUuid, isLive: false }, marks, journal, signal)
    }
  } catch (error) {
    work.progress({ step: 'undoing', doneRatio: null })
    const leftFiles = await undo(work, uuid, made)
    throw withLeft(error, leftFiles)
  }
  const startFailed = request.start ? await start(work, uuid) : null
  return { vmUuid: uuid, name: request.name, startFailed }
}

export function throwIf(refusal: CloneRefusal | null): void {
  if (refusal === null) return
  const params = { reason: refusal.reason, disks: refusal.disks.join(', ').slice(0, 1000) }
  throw new AppError('cloneNotPossible', { params })
}

const conflict = (name: string): AppError => new AppError('conflict', { params: { name } })

interface Made {
  readonly volumes: { readonly poolUuid: string; readonly name: string }[]
  isDefined: boolean
}

type Disks = Map<string, { path: string; format: string }>

async function makeDisks(
  work: CloneWork,
  source: CloneSource,
  request: CloneRequest,
  stem: string,
  made: Made
): Promise<Disks> {
  const disks: Disks = new Map()
  const wanted = ownDisks(source)
  const total = wanted.reduce((sum, { volume }) => sum + (volume?.allocationBytes ?? 0), 0)
  let doneBytes = 0
  for (const disk of wanted) {
    const { target, path, volume } = disk
    if (path === null || volume === null || volume.capacityBytes === null)
      throw new AppError('cloneNotPossible', { params: { reason: 'diskNotInPool', disks: target } })
    const linked = request.mode === 'linked'
    const format = linked ? 'qcow2' : disk.format
    const wantedVolume: NewVolume = {
      poolUuid: linked ? volume.poolUuid : (request.poolUuid ?? volume.poolUuid),
      name: `${stem}-${target}.${format === 'raw' ? 'img' : format}`,
      format,
      capacityBytes: volume.capacityBytes,
      backing: linked ? { path, format: disk.format } : null
    }
    const report = (bytes: number): void =>
      work.progress({
        step: 'copying',
        doneRatio: total === 0 ? null : Math.min(1, (doneBytes + bytes) / total)
      })
    disks.set(target, { path: await makeDisk(work, disk, wantedVolume, made, report), format })
    doneBytes += volume.allocationBytes ?? 0
    report(0)
  }
  return disks
}

/** The path of the new volume. */
async function makeDisk(
  work: CloneWork,
  disk: SourceDisk & { readonly volume: SourceVolume | null },
  volume: NewVolume,
  made: Made,
  report: (bytes: number) => void
): Promise<string> {
  const { host, journal, signal } = work
  const { poolUuid, name } = volume
  // What is there already is somebody's: it is neither used nor, later, taken away.
  if ((await host.volume(poolUuid, name, signal)) !== null) throw conflict(name)
  made.volumes.push({ poolUuid, name })
  report(0)
  if (volume.backing !== null) await host.createVolume(volume, journal, signal)
  else {
    const copy = host.copyVolume(volume, disk.path ?? '', journal, signal)
    await followed(work, copy, async () => {
      const now = await host.volume(poolUuid, name, signal)
      if (now !== null) report(Math.min(now.allocationBytes, disk.volume?.allocationBytes ?? 0))
    })
  }
  const done = await host.volume(poolUuid, name, signal)
  if (done === null) throw new AppError('protocolViolation', { params: { subject: 'volume' } })
  return done.path
}

/** Asks every second until the copy has ended, well or not. */
async function followed({ clock }: CloneWork, copy: Promise<void>, ask: () => Promise<void>): Promise<void> {
  const over = new AbortController()
  const ended = copy.finally(() => over.abort())
  // Its failure is what the caller waits for below.
  ended.catch(() => undefined)
  while (!over.signal.aborted) {
    await sleepUnlessAborted(clock, POLL_MS, over.signal)
    // How far it is, is a nicety: the copy's own end decides.
    if (!over.signal.aborted) await ask().catch(() => undefined)
  }
  await ended
}

/** The clone's own copy of the firmware's variables; a VM that was never started has none yet. */
async function makeNvram(
  work: CloneWork,
  source: CloneSource,
  stem: string,
  made: Made
): Promise<string | null> {
  const { host, journal, signal } = work
  const { nvramPath } = source
  if (nvramPath === null) return null
  const name = `${stem}_VARS${posix.extname(nvramPath) || '.fd'}`
  const newPath = posix.join(posix.dirname(nvramPath), name)
  const pool = await host.poolOver(nvramPath, journal, signal)
  if (pool === null) return newPath
  try {
    const { poolUuid } = pool
    const original = await host.volume(poolUuid, posix.basename(nvramPath), signal)
    if (original === null) return newPath
    if ((await host.volume(poolUuid, name, signal)) !== null) throw conflict(name)
    const volume = { poolUuid, name, format: 'raw', capacityBytes: original.allocationBytes, backing: null }
    try {
      await host.copyVolume(volume, nvramPath, journal, signal)
    } catch (error) {
      await host.deleteVolume(poolUuid, name, journal, AbortSignal.timeout(UNDO_POLL_MS * 30))
      throw error
    }
    made.volumes.push({ poolUuid: `over:${newPath}`, name })
  } finally {
    await pool.close()
  }
  return newPath
}

async function start({ host, journal, signal, ...work }: CloneWork, uuid: VmUuid): Promise<string | null> {
  work.progress({ step: 'starting', doneRatio: null })
  try {
    await host.start(uuid, journal, signal)
    return null
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    const words = error.params['stderr']
    return (typeof words === 'string' ? words : error.code).slice(0, 4096)
  }
}

/** Newest first; also when the task was cancelled. Names of what could not be taken away. */
async function undo(work: CloneWork, uuid: VmUuid, made: Made): Promise<string[]> {
  const { host, journal } = work
  const signal = AbortSignal.timeout(UNDO_DEADLINE_MS)
  const left: string[] = []
  try {
    if (made.isDefined && (await host.exists(uuid, signal))) await host.undefine(uuid, journal, signal)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    // Its disks stay with it: a VM without disks would be worse than one too many.
    return [uuid, ...made.volumes.map(({ name }) => name)]
  }
  for (const volume of made.volumes.toReversed()) {
    if (!(await isDeleted(work, volume, signal))) left.push(volume.name)
  }
  return left
}

async function isDeleted(
  { host, journal, clock }: CloneWork,
  { poolUuid, name }: Made['volumes'][number],
  signal: AbortSignal
): Promise<boolean> {
  try {
    const place = poolUuid.startsWith('over:')
      ? await host.poolOver(poolUuid.slice('over:'.length), journal, signal)
      : { poolUuid, close: () => Promise.resolve() }
    if (place === null) return false
    try {
      for (;;) {
        if ((await host.deleteVolume(place.poolUuid, name, journal, signal)) !== 'busy') return true
        await sleepUnlessAborted(clock, UNDO_POLL_MS, signal)
        if (signal.aborted) return false
      }
    } finally {
      await place.close()
    }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return false
  }
}

function withLeft(error: unknown, leftFiles: readonly string[]): unknown {
  if (leftFiles.length === 0 || !(error instanceof AppError)) return error
  const params = { ...error.params, leftFiles: leftFiles.join(', ').slice(0, 4000) }
  return new AppError(error.code, { params, retryable: error.retryable, cause: error.cause })
}
