/** What the task drawer shows of each task of the contract. */
import type { Contract, InputOf, NamesOf, OutputOf, ProgressOf } from '#contract/define.ts'
import type { ExportEvent, ExportResult } from '#contract/exports.ts'
import type { VirthelmContract } from '#contract/index.ts'
import type { Report, ReportProgress } from '#contract/reports.ts'
import type { SnapshotProgress } from '#contract/snapshots.ts'
import type { VolumeProgress } from '#contract/volumes.ts'
import { WAKE_DEADLINE_MS } from '../power/wake.ts'
import type { TaskDescription } from './task-registry.ts'

type TaskDescriptions<C extends Contract> = {
  readonly [N in NamesOf<C, 'task'>]: TaskDescription<InputOf<C[N]>, ProgressOf<C[N]>, OutputOf<C[N]>>
}

const exportDescription: TaskDescription<{ fileName: string }, ExportEvent, ExportResult> = {
  subject: ({ fileName }) => ({ fileName }),
  doneRatio: (event) => (event.kind === 'progress' ? event.progress.doneRatio : null),
  result: (result) =>
    result.kind === 'file' ? { path: result.path, rows: result.rows } : { rows: result.rows }
}

const snapshotDescription: TaskDescription<{ seenName: string; snapshot: string }, SnapshotProgress> = {
  subject: ({ seenName, snapshot }) => ({ vmName: cut(seenName), snapshot: cut(snapshot) }),
  doneRatio: ({ doneRatio }) => doneRatio
}

const reportDescription: TaskDescription<{ seenName: string }, ReportProgress, { report: Report }> = {
  subject: ({ seenName }) => ({ report: cut(seenName) }),
  doneRatio: ({ doneRatio }) => doneRatio,
  result: ({ report }) => ({ reportState: report.state })
}

/** As long as the drawer takes it. */
const cut = (text: string): string => text.slice(0, 300)
/** Sending and copying are nearly all of it; what comes before and after has no length. */
const volumeRatio = ({ doneBytes, totalBytes }: VolumeProgress): number | null =>
  doneBytes === null || totalBytes === null || totalBytes <= 0 ? null : doneBytes / totalBytes

export const taskDescriptions: TaskDescriptions<VirthelmContract> = {
  'backup.make': {
    subject: ({ fileName }) => ({ fileName }),
    doneRatio: (event) => (event.kind === 'progress' ? event.doneRatio : null),
    result: (result) =>
      result.kind === 'file'
        ? { path: result.path, sizeBytes: result.sizeBytes }
        : { sizeBytes: result.sizeBytes }
  },
  'bulk.run': {
    subject: ({ action, targets }) => ({ action, machines: String(targets.length) }),
    doneRatio: ({ ended, total }) => ended / total,
    result: ({ items }) => ({
      machinesDone: items.filter(({ state }) => state === 'done' || state === 'already').length,
      machinesFailed: items.filter(({ state }) => state === 'failed').length
    })
  },
  'configurationFile.export': {
    subject: ({ fileName }) => ({ fileName }),
    result: ({ path, sizeBytes }) => (path === null ? { sizeBytes } : { path, sizeBytes })
  },
  'deletion.run': {
    subject: ({ seenName }) => ({ vm: seenName.slice(0, 300) }),
    doneRatio: ({ doneSteps, totalSteps }) => doneSteps / totalSteps,
    result: ({ files }) => {
      const count = (outcome: string): number => files.filter((file) => file.outcome === outcome).length
      return { filesDeleted: count('deleted') + count('gone'), filesLeft: count('kept') + count('failed') }
    }
  },
  'clones.make': {
    subject: ({ seenName, name }) => ({ vmName: cut(seenName), clone: cut(name) }),
    doneRatio: ({ doneRatio }) => doneRatio
  },
  'exports.history': exportDescription,
  'exports.series': exportDescription,
  'exports.table': exportDescription,
  'processes.exportAt': exportDescription,
  'processes.exportSeries': exportDescription,
  'machines.create': {
    subject: ({ spec }) => ({ vmName: spec.name }),
    doneRatio: ({ doneRatio }) => doneRatio,
    result: ({ serverId, vmUuid, name }) => ({ serverId, vmUuid, vmName: name })
  },
  'machines.createFinish': {
    doneRatio: ({ doneRatio }) => doneRatio,
    result: ({ serverId, vmUuid, name }) => ({ serverId, vmUuid, vmName: name })
  },
  'machines.createUndo': { result: ({ name }) => ({ vmName: name }) },
  'reports.make': reportDescription,
  'reports.makeAgain': reportDescription,
  'reports.saveAs': {
    ...exportDescription,
    result: (result) => (result.kind === 'file' ? { path: result.path } : {})
  },
  'servers.test': { subject: ({ draft }) => ({ serverName: draft.name }) },
  'snapshots.create': {
    subject: ({ seenName, name }) => ({ vmName: cut(seenName), snapshot: cut(name) })
  },
  'snapshots.revert': snapshotDescription,
  'snapshots.delete': snapshotDescription,
  'snapshots.mergeBack': {
    ...snapshotDescription,
    result: ({ deletedFiles, leftFiles }) => ({
      deletedFiles: deletedFiles.length,
      ...(leftFiles.length === 0 ? {} : { path: leftFiles.join(' ').slice(0, 1024) })
    })
  },
  'traffic.countPast': {
    subject: ({ path }) => ({ path: cut(path) }),
    doneRatio: ({ doneRatio }) => doneRatio,
    result: ({ lines }) => ({ rows: lines })
  },
  'volumes.clone': {
    subject: ({ name, newName }) => ({ volume: name.slice(0, 300), newName }),
    doneRatio: volumeRatio,
    result: ({ path }) => ({ path: path.slice(0, 1024) })
  },
  'volumes.create': {
    subject: ({ volume }) => ({ volume: volume.name }),
    doneRatio: volumeRatio,
    result: ({ path }) => ({ path: path.slice(0, 1024) })
  },
  'volumes.download': {
    subject: ({ name, fileName }) => ({ volume: name.slice(0, 300), fileName }),
    doneRatio: (event) => (event.kind === 'progress' ? volumeRatio(event.progress) : null),
    result: ({ path, sizeBytes }) => (path === null ? { sizeBytes } : { path, sizeBytes })
  },
  'volumes.upload': {
    subject: ({ name }) => ({ volume: name }),
    doneRatio: volumeRatio,
    result: ({ path, sizeBytes, sha256 }) => ({ path: path.slice(0, 1024), sizeBytes, sha256 })
  },
  'machines.migrate': {
    subject: ({ seenName }) => ({ vmName: seenName.slice(0, 300) }),
    doneRatio: ({ doneRatio }) => doneRatio,
    remainingMs: ({ remainingMs }) => remainingMs,
    result: ({ bytesCopied, filesLeft }) => ({ sizeBytes: bytesCopied, filesOnSource: filesLeft.length })
  },
  'ports.scan': {
    subject: ({ seenName }) => ({ serverName: seenName }),
    doneRatio: ({ done, total }) => done / total,
    result: ({ open }) => ({ portsOpen: open })
  },
  'switching.wake': {
    subject: ({ seenName }) => ({ serverName: seenName }),
    doneRatio: ({ waitedMs }) => Math.min(1, waitedMs / WAKE_DEADLINE_MS),
    result: ({ outcome }) => ({ wake: outcome })
  },
  'switching.act': {
    subject: ({ typedName }) => ({ serverName: typedName }),
    result: ({ outcome }) => ({ power: outcome })
  }
}
