/** The handlers of pools, volumes and networks over the lab, a window's file, and a folder that downloads go to. */
import { createHash } from 'node:crypto'
import { ByteChannel, type ChannelFrame } from '#contract/byte-channel.ts'
import { PoolUuid, type StorageView, type VolumeView } from '#contract/storage.ts'
import { UploadId, type VolumeProgress } from '#contract/volumes.ts'
import { systemClock } from '../../src-main/application/clock.ts'
import type { ExportSink } from '../../src-main/application/platform/platform.ts'
import type { ServerRuntime } from '../../src-main/application/servers/server-runtime.ts'
import { storeHandlers } from '../../src-main/application/stores/store-handlers.ts'
import { createHypervisor } from '../../src-main/remote/libvirt/hypervisor.ts'
import type { Telemetry } from '../../src-main/application/telemetry/telemetry.ts'
import { upload } from '../../src-renderer/features/stores/upload-file.ts'
import { silentLog } from '../fakes/engine-parts.ts'
import { startLabConsole, type LabConsole } from './console.ts'
import * as lab from './lab.ts'

export type StoreHandlers = ReturnType<typeof storeHandlers>

export interface StoreConsole {
  readonly console: LabConsole
  readonly server: ServerRuntime
  readonly handlers: StoreHandlers
  /** What was downloaded last. */
  readonly downloaded: () => Buffer
  reload(): Promise<StorageView>
  upload(
    file: Blob,
    poolUuid: PoolUuid,
    name: string,
    options?: UploadOptions
  ): ReturnType<StoreHandlers['volumes.upload']>
  close(): Promise<void>
}

export interface UploadOptions {
  readonly signal?: AbortSignal
  onProgress?(progress: VolumeProgress): void
}

export const never = new AbortController().signal
export const context = { signal: never }
export const taskContext = { signal: never, progress: () => undefined }

export async function openStoreConsole(
  name: string,
  user: string,
  telemetry?: Telemetry
): Promise<StoreConsole> {
  const hypervisor = createHypervisor({ log: silentLog, clock: systemClock })
  const console_ = startLabConsole(hypervisor, 5_000, telemetry)
  const pieces: Buffer[] = []
  const sink: ExportSink = {
    kind: 'file',
    location: '/downloads/volume',
    write: async (bytes) => void pieces.push(Buffer.from(bytes)),
    finish: async () => undefined,
    abort: async () => void pieces.splice(0)
  }
  const handlers = storeHandlers({
    directory: console_.directory,
    journal: console_.storage.asStorage().journal,
    clock: systemClock,
    log: silentLog,
    onJournal: () => undefined,
    exportTarget: {
      open: async () => {
        pieces.splice(0)
        return sink
      }
    }
  })
  const server = await console_.add({ server: name, user })
  await lab.eventually('libvirt is reached', () => server.session !== null, 20_000)
  return {
    console: console_,
    server,
    handlers,
    downloaded: () => Buffer.concat(pieces),
    reload: () => handlers['storage.reload']({ serverId: server.record.id }, context),
    async upload(file, poolUuid, volumeName, { signal = never, onProgress = () => undefined } = {}) {
      const uploadId = UploadId.parse(crypto.randomUUID())
      const { windowEnd, engineEnd, done } = pairOfChannels()
      const serving = handlers['volumes.uploadBytes']({ uploadId }, context, engineEnd).finally(done)
      // When the task ends early, what the window was about to send fails; the task says why.
      const sending = upload(file, windowEnd).catch(() => undefined)
      const input = { serverId: server.record.id, poolUuid, name: volumeName, sizeBytes: file.size, uploadId }
      try {
        return await handlers['volumes.upload'](input, { signal, progress: onProgress })
      } finally {
        await serving
        await sending
      }
    },
    close: () => console_.close()
  }
}

/** The two ends of a real channel, without a window between them. `done`: the engine's handler has returned. */
function pairOfChannels(): { windowEnd: ByteChannel; engineEnd: ByteChannel; done(): void } {
  const deliver = (to: () => ByteChannel) => (frame: ChannelFrame) =>
    queueMicrotask(() => {
      if (frame.kind === 'bytes') to().received(frame.bytes)
      else if (frame.kind === 'credit') to().granted(frame.bytes)
      else to().ended()
    })
  const windowEnd: ByteChannel = new ByteChannel({
    send: deliver(() => engineEnd),
    abandoned: () => undefined
  })
  const engineEnd: ByteChannel = new ByteChannel({
    send: deliver(() => windowEnd),
    abandoned: () => undefined
  })
  return {
    windowEnd,
    engineEnd,
    done() {
      engineEnd.close(null)
      windowEnd.close(null)
    }
  }
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

export function volumeOf(view: StorageView, poolName: string, name: string): VolumeView | undefined {
  const pool = view.pools.find((one) => one.name === poolName)
  return view.contents
    .find(({ poolUuid }) => poolUuid === pool?.uuid)
    ?.volumes.find((one) => one.name === name)
}
