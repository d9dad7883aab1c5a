/** Backups of the engine in memory: every upload is a good one. */
import type { BackupStatus, BackupSummary } from '#contract/backup.ts'
import type { Handlers } from '#contract/define.ts'
import type { VirthelmContract } from '#contract/index.ts'
import { createTopic } from '../../src-main/application/streams.ts'

type BackupHandlers = Pick<Handlers<VirthelmContract>, Extract<keyof VirthelmContract, `backup.${string}`>>

export const uploadedBackup: BackupSummary = {
  madeAtMs: Date.UTC(2026, 10, 19, 21, 40),
  consoleVersion: '0.1.0',
  serverCount: 9,
  sizeBytes: 214_748_364
}

export function fakeBackup(): BackupHandlers {
  let status: BackupStatus = { last: null, expectedBytes: 52_428_800, restore: null, putAside: [] }
  const topic = createTopic<BackupStatus>(status)
  const change = (fields: Partial<BackupStatus>): null => {
    status = { ...status, ...fields }
    topic.publish(status)
    return null
  }
  return {
    'backup.watch': (_input, { signal }) => topic.latest(signal),
    'backup.make': async ({ fileName }, { progress }) => {
      progress({ kind: 'progress', doneRatio: 0.5 })
      const path = `/home/operator/${fileName}`
      change({ last: { atMs: Date.now(), sizeBytes: status.expectedBytes, path } })
      return { kind: 'file', path, sizeBytes: status.expectedBytes }
    },
    'backup.upload': async (_input, _context, channel) => {
      let bytes = 0
      for await (const piece of channel.incoming) bytes += piece.byteLength
      if (bytes > 0) change({ restore: { summary: uploadedBackup, isArmed: false } })
    },
    'backup.arm': async () => change({ restore: { summary: uploadedBackup, isArmed: true } }),
    'backup.disarm': async () => change({ restore: null })
  }
}
