/** What the window can have done to volumes. Each act reads the storage anew and is refused by what it finds. */
import type { Handlers } from '#contract/define.ts'
import { AppError } from '#contract/errors.ts'
import type { ServerId } from '#contract/ids.ts'
import type { VirthelmContract } from '#contract/index.ts'
import type { StorageView, VolumeView } from '#contract/storage.ts'
import { safeFileName } from '../export/file-name.ts'
import type { ActionJournal } from '../machines/hypervisor.ts'
import { journalled, sessionOf, writableSessionOf, type JournalDeps } from '../operations/journal-row.ts'
import type { ExportTarget } from '../platform/platform.ts'
import { downloadVolume } from './download-job.ts'
import type { StoreBoardDeps, StoreBoards } from './store-boards.ts'
import type { StorageSession } from './stores.ts'
import { UploadHub } from './upload-hub.ts'
import { uploadVolume } from './upload-job.ts'
import {
  findVolume,
  planOf,
  refuseToGrow,
  refuseWhenLocked,
  refuseWhenWrittenTo,
  type VolumeName
} from './volume-plan.ts'

export interface VolumeHandlerDeps extends StoreBoardDeps, JournalDeps {
  readonly exportTarget: ExportTarget
}

type VolumeHandlers = Pick<Handlers<VirthelmContract>, Extract<keyof VirthelmContract, `volumes.${string}`>>
type Ref = VolumeName & { readonly serverId: ServerId }

const WRITE_DEADLINE_MS = 60_000

export function volumeHandlers(deps: VolumeHandlerDeps, boards: StoreBoards): VolumeHandlers {
  const { directory, clock } = deps
  const uploads = new UploadHub()

  /** One journalled operation on a server that may be written to; the view is read again afterwards, whatever came of it. */
  async function write<T>(
    action: string,
    serverId: ServerId,
    work: (storage: StorageSession, journal: ActionJournal) => Promise<T>
  ): Promise<T> {
    const runtime = directory.get(serverId)
    const { storage } = writableSessionOf(runtime)
    try {
      return await journalled({ action, record: runtime.record, vm: null }, deps, (journal) =>
        work(storage, journal)
      )
    } finally {
      boards.of(serverId).storage.touch()
    }
  }

  async function seen(ref: Ref): Promise<{ view: StorageView; volume: VolumeView }> {
    const view = await boards.of(ref.serverId).storage.reload()
    return { view, volume: findVolume(view, ref) }
  }

  return {
    'volumes.create': ({ serverId, volume }, { signal, ...task }) =>
      write('volume.create', serverId, async (storage, journal) => {
        task.progress({ step: 'creating', doneBytes: null, totalBytes: null })
        return { path: await storage.createVolume(volume, journal, signal) }
      }),
    'volumes.clone': (ref, { signal, ...task }) =>
      write('volume.clone', ref.serverId, async (storage, journal) => {
        const { view, volume } = await seen(ref)
        refuseWhenWrittenTo(view, volume)
        const report = (doneBytes: number | null): void =>
          task.progress({ step: 'copying', doneBytes, totalBytes: volume.allocationBytes })
        report(null)
        return { path: await storage.cloneVolume(volume, ref.newName, { journal, signal, progress: report }) }
      }),
    'volumes.grow': (ref, { signal }) =>
      write('volume.grow', ref.serverId, async (storage, journal) => {
        const { view, volume } = await seen(ref)
        refuseToGrow(view, volume, ref.capacityBytes)
        await storage.growVolume(volume, ref.capacityBytes, journal, bounded(signal))
        return null
      }),
    'volumes.planDelete': async (ref) => {
      const { view, volume } = await seen(ref)
      return planOf(view, volume, sessionOf(directory.get(ref.serverId)).storage.deleteCommand(volume))
    },
    'volumes.delete': (ref, { signal }) =>
      write('volume.delete', ref.serverId, async (storage, journal) => {
        if (ref.typedName !== ref.name)
          throw new AppError('invalidInput', { params: { field: 'typedName', reason: 'otherName' } })
        const { view, volume } = await seen(ref)
        refuseWhenLocked(view, volume)
        await storage.deleteVolume(volume, journal, bounded(signal))
        return null
      }),
    'volumes.upload': ({ serverId, uploadId, poolUuid, name, sizeBytes }, { signal, ...task }) =>
      write('volume.upload', serverId, async (_storage, journal) => {
        const source = await uploads.open(uploadId, signal)
        const storage = (): StorageSession => writableSessionOf(directory.get(serverId)).storage
        try {
          return await uploadVolume(
            {
              volume: { poolUuid, name },
              sizeBytes,
              source,
              clock,
              signal,
              storage,
              progress: (done) => task.progress(done)
            },
            journal
          )
        } finally {
          source.close()
        }
      }),
    'volumes.uploadBytes': ({ uploadId }, { signal }, channel) => uploads.serve(uploadId, channel, signal),
    'volumes.download': async (ref, { signal, ...task }) => {
      const { volume } = await seen(ref)
      const { storage } = sessionOf(directory.get(ref.serverId))
      const sink = await deps.exportTarget.open(safeFileName(ref.fileName), signal)
      if (sink === null) throw new AppError('cancelled')
      return downloadVolume({ storage, volume, sink, signal, progress: (event) => task.progress(event) })
    }
  }
}

const bounded = (signal: AbortSignal): AbortSignal =>
  AbortSignal.any([signal, AbortSignal.timeout(WRITE_DEADLINE_MS)])
