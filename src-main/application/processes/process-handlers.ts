/** What the window can ask about processes, and have done to them. */
import type { Handlers } from '#contract/define.ts'
import { AppError } from '#contract/errors.ts'
import type { VirthelmContract } from '#contract/index.ts'
import type { ServerId } from '#contract/ids.ts'
import {
  MAX_PROCESSES_SHOWN,
  type PatternId,
  type ProcessActionOutcome,
  type ProcessRef,
  type ProcessRow,
  type ProcessTable
} from '#contract/processes.ts'
import type { z } from 'zod'
import type { LiveProcess } from '../../domain/processes/process.ts'
import { chartPoints } from '../../domain/processes/series.ts'
import { safeFileName } from '../export/file-name.ts'
import { writeOut } from '../export/write-out.ts'
import { type JournalDeps, journalled } from '../operations/journal-row.ts'
import type { ExportTarget } from '../platform/platform.ts'
import type { ServerDirectory } from '../servers/server-directory.ts'
import type { SettingsKeeper } from '../settings/settings-keeper.ts'
import type { ProcessStore } from '../storage.ts'
import { pastTableCsv, seriesCsv } from './process-csv.ts'
import type { ProcessesNow, ProcessSubject } from './process-subject.ts'
import type { ActOnProcess, ProcessAct } from './process-tools.ts'

export interface ProcessHandlerDeps extends JournalDeps {
  readonly directory: ServerDirectory
  readonly subject: ProcessSubject
  readonly store: ProcessStore
  readonly settings: SettingsKeeper
  readonly target: ExportTarget
  readonly actOnProcess: ActOnProcess
}

type ProcessHandlers = Pick<
  Handlers<VirthelmContract>,
  Extract<keyof VirthelmContract, `processes.${string}`>
>

const ACT_DEADLINE_MS = 20_000

export function processHandlers(deps: ProcessHandlerDeps): ProcessHandlers {
  const { directory, subject, store, settings, target } = deps
  const zone = (): 'local' | 'utc' => settings.current().timeZone

  async function act(
    serverId: ServerId,
    ref: ProcessRef,
    action: string,
    what: ProcessAct,
    signal: AbortSignal
  ): Promise<z.output<typeof ProcessActionOutcome>> {
    const { record, connection } = directory.get(serverId)
    if (record.lookOnly) throw new AppError('refused', { params: { what: 'lookOnly', server: record.name } })
    if (connection === null)
      throw new AppError('disconnected', { params: { server: record.name }, retryable: true })
    const sudo = record.useSudo ? 'sudo -n ' : ''
    const both = AbortSignal.any([signal, AbortSignal.timeout(ACT_DEADLINE_MS)])
    const outcome = await journalled({ action, record, vm: null }, deps, (journal) =>
      deps.actOnProcess({ connection, clock: deps.clock, sudo }, ref, what, journal, both)
    )
    return { outcome }
  }

  return {
    'processes.watch': ({ serverId }, { signal }) => tables(subject, serverId, signal),
    'processes.at': ({ serverId, atMs }) => store.at(serverId, atMs),
    'processes.series': async ({ serverId, process, fromAtMs, toAtMs }, { signal }) => {
      const moments = await store.series({ serverId, process, fromAtMs, toAtMs }, signal)
      return { points: chartPoints(moments, fromAtMs, toAtMs) }
    },
    'processes.options': async ({ serverId }) => subject.options(directory.get(serverId).record.id),
    'processes.setOptions': async ({ serverId, options }) =>
      subject.setOptions(directory.get(serverId).record.id, options),
    'processes.signal': ({ serverId, process, signal: name }, { signal }) =>
      act(serverId, process, `process.${name}`, { kind: 'signal', signal: name }, signal),
    'processes.renice': ({ serverId, process, nice }, { signal }) =>
      act(serverId, process, 'process.renice', { kind: 'renice', nice }, signal),
    'processes.exportAt': async ({ serverId, atMs, fileName }, context) => {
      const chunks = pastTableCsv(directory.get(serverId).record.name, await store.at(serverId, atMs), zone())
      return writeOut(chunks, () => target.open(safeFileName(fileName), context.signal), context, {
        emptyIsError: true
      })
    },
    'processes.exportSeries': async ({ fileName, ...query }, context) => {
      const server = directory.get(query.serverId).record.name
      const chunks = seriesCsv(server, await store.series(query, context.signal), zone())
      return writeOut(chunks, () => target.open(safeFileName(fileName), context.signal), context, {
        emptyIsError: true
      })
    }
  }
}

async function* tables(
  subject: ProcessSubject,
  serverId: ServerId,
  signal: AbortSignal
): AsyncGenerator<ProcessTable, void> {
  for await (const now of subject.board.watch(serverId, signal)) {
    yield {
      ...shown(now),
      intervalMs: subject.intervalMs(serverId),
      patterns: [...subject.options(serverId).patterns]
    }
  }
}

/** Of too many, those that take least are left out; watched ones never are. */
function shown({ atMs, processes }: ProcessesNow): Pick<ProcessTable, 'atMs' | 'rows' | 'leftOut'> {
  const leftOut = Math.max(0, processes.length - MAX_PROCESSES_SHOWN)
  const weight = (one: LiveProcess): number =>
    one.watchedBy.length > 0 ? Infinity : (one.cpuRatio ?? 0) + (one.memoryRatio ?? 0)
  const rows =
    leftOut === 0
      ? processes
      : [...processes].sort((a, b) => weight(b) - weight(a)).slice(0, MAX_PROCESSES_SHOWN)
  return { atMs, leftOut, rows: rows.map(rowOf) }
}

const rowOf = (process: LiveProcess): ProcessRow => ({
  ...process,
  // Patterns come from the options, where their ids were checked.
  watchedBy: process.watchedBy as PatternId[]
})
