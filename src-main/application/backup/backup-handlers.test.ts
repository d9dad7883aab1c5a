import { beforeEach, describe, expect, it } from 'vitest'
import type { BackupEvent, BackupStatus } from '#contract/backup.ts'
import { AppError } from '#contract/errors.ts'
import type { ExportSink } from '../platform/platform.ts'
import { backupHandlers } from './backup-handlers.ts'
import type { DataArchive } from './data-archive.ts'

let ends: string[]
let asked: string[]
let blob: Uint8Array | null
const archive: DataArchive = {
  expectedBytes: async () => 100,
  async copy({ progress }) {
    progress(1)
    return {
      manifest: {
        format: 'virthelm-backup',
        formatVersion: 1,
        madeAtMs: 1,
        consoleVersion: '1',
        serverCount: 2,
        files: []
      },
      archiveBytes: 4,
      async *pieces() {
        yield Buffer.from('ab')
        yield Buffer.from('cd')
      },
      discard: async () => void ends.push('discard')
    }
  },
  stage: async () => ({ madeAtMs: 1, consoleVersion: '1', serverCount: 2, sizeBytes: 4 }),
  staged: async () => null,
  arm: async () => undefined,
  disarm: async () => undefined,
  putAside: async () => []
}

function setUp(write: (bytes: Uint8Array) => Promise<void> = async () => undefined) {
  const sink: ExportSink = {
    kind: 'file',
    location: '/home/me/b.tar',
    write,
    finish: async () => void ends.push('finish'),
    abort: async () => void ends.push('abort')
  }
  return backupHandlers({
    archive,
    blobs: {
      get: async () => blob,
      set: async (_name, value) => {
        blob = value
      }
    },
    target: {
      open: async (fileName) => {
        asked.push(fileName)
        return sink
      }
    },
    clock: { nowMs: () => 5_000 }
  })
}
const statusOf = async (handlers: ReturnType<typeof setUp>): Promise<BackupStatus> => {
  for await (const status of handlers['backup.watch']({}, { signal: new AbortController().signal }))
    return status
  throw new Error('no status')
}

describe('backup.make', () => {
  beforeEach(() => {
    ends = []
    asked = []
    blob = null
  })

  it('copies, writes, and is remembered as the last one', async () => {
    const handlers = setUp()
    const events: BackupEvent[] = []
    const { signal } = new AbortController()
    const context = { signal, progress: (event: BackupEvent) => void events.push(event) }
    expect(await handlers['backup.make']({ fileName: '../b.tar' }, context)).toEqual({
      kind: 'file',
      path: '/home/me/b.tar',
      sizeBytes: 4
    })
    expect(events.map((event) => (event.kind === 'progress' ? event.doneRatio : ''))).toEqual([0.7, 0.85, 1])
    expect([asked, ends]).toEqual([['-b.tar'], ['finish', 'discard']])
    expect((await statusOf(handlers)).last).toEqual({ atMs: 5_000, sizeBytes: 4, path: '/home/me/b.tar' })
  })

  it('leaves neither file nor copy when it fails or is cancelled, and the last one stays', async () => {
    const controller = new AbortController()
    const full = setUp(() => Promise.reject(new AppError('diskFull')))
    const context = { signal: controller.signal, progress: () => undefined }
    await expect(full['backup.make']({ fileName: 'b.tar' }, context)).rejects.toMatchObject({
      code: 'diskFull'
    })
    expect(ends).toEqual(['discard', 'abort'])
    ends = []
    const cancelled = setUp(async () => controller.abort())
    await expect(cancelled['backup.make']({ fileName: 'b.tar' }, context)).rejects.toMatchObject({
      code: 'cancelled'
    })
    expect(ends).toEqual(['discard', 'abort'])
    expect((await statusOf(cancelled)).last).toBeNull()
  })

  it('is refused while another one runs', async () => {
    const wait = Promise.withResolvers<undefined>()
    const handlers = setUp(() => wait.promise)
    const context = { signal: new AbortController().signal, progress: () => undefined }
    const first = handlers['backup.make']({ fileName: 'a.tar' }, context)
    await expect(handlers['backup.make']({ fileName: 'b.tar' }, context)).rejects.toMatchObject({
      code: 'conflict'
    })
    wait.resolve(undefined)
    await first
    await handlers['backup.make']({ fileName: 'b.tar' }, context)
  })
})
