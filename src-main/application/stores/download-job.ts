/** A volume becomes a file on the operator's computer, exactly as it lies on the server. */
import { createHash } from 'node:crypto'
import { AppError } from '#contract/errors.ts'
import type { VolumeDownloadEvent, VolumeDownloadResult } from '#contract/volumes.ts'
import type { ExportSink } from '../platform/platform.ts'
import type { StorageSession, VolumeHandle } from './stores.ts'

const PROGRESS_EVERY_BYTES = 4 * 1024 * 1024

export interface DownloadJob {
  readonly storage: StorageSession
  readonly volume: VolumeHandle
  readonly sink: ExportSink
  readonly signal: AbortSignal
  progress(event: VolumeDownloadEvent): void
}

/** Leaves no half file behind. @throws AppError checksumDiffers, libvirtFailed, disconnected, cancelled */
export async function downloadVolume(job: DownloadJob): Promise<VolumeDownloadResult> {
  const { storage, volume, sink, signal } = job
  if (sink.kind === 'download') job.progress({ kind: 'address', path: sink.location })
  try {
    const download = await storage.openDownload(volume, signal)
    const hash = createHash('sha256')
    let doneBytes = 0
    let reportedBytes = 0
    const report = (): void => {
      const progress = { step: 'receiving' as const, doneBytes, totalBytes: download.sizeBytes }
      job.progress({ kind: 'progress', progress })
    }
    report()
    try {
      for await (const bytes of download.bytes) {
        hash.update(bytes)
        await sink.write(bytes)
        doneBytes += bytes.byteLength
        if (doneBytes - reportedBytes < PROGRESS_EVERY_BYTES) continue
        reportedBytes = doneBytes
        report()
      }
    } finally {
      download.close()
    }
    const sha256 = download.checksum()
    if (sha256 !== null && sha256 !== hash.digest('hex'))
      throw new AppError('checksumDiffers', { params: { path: volume.path } })
    await sink.finish()
    return { path: sink.kind === 'file' ? sink.location : null, sizeBytes: doneBytes, sha256 }
  } catch (error) {
    await sink.abort()
    throw error
  }
}
