/** `npm run export`: history as CSV, without the window. Opens the data folder for reading only. */
import { existsSync } from 'node:fs'
import { AppError } from '#contract/errors.ts'
import type { ExportWhat } from '#contract/exports.ts'
import { HistoryLevel } from '#contract/history.ts'
import { ENTITY_KINDS, METRICS, type EntityKind } from '#contract/metric-catalogue.ts'
import { historyCsv, type HistoryCsvOptions } from '../application/export/history-export.ts'
import { writeOut } from '../application/export/write-out.ts'
import type { ExportSink } from '../application/platform/platform.ts'
import type { StoredServer } from '../application/storage.ts'
import { nearNames } from '../domain/near-names.ts'
import { openFileSink } from '../platform/file-export-target.ts'
import { openStreamSink } from '../platform/stream-sink.ts'
import type { StorageReader } from '../storage/client.ts'
import { OptionProblem, progressLine, targetPath, type CommandOutput } from './command-line.ts'
import { EXPORT_USAGE, parseExportOptions, type ExportOptions } from './export-options.ts'
import { wordsOf } from './failure.ts'
import { parseMoment } from './moment.ts'

export interface ExportCommandDeps extends CommandOutput {
  /** The folder is there. Throws AppError as opening it does. */
  readonly openReader: (dataFolder: string) => Promise<Omit<StorageReader, 'alerts' | 'configuration'>>
  readonly dataFolderOf: (chosen: string | null) => string
  readonly nowMs: number
  /** Aborted when the operator interrupts. */
  readonly signal: AbortSignal
}

/** Returns the exit code: 0 written, 1 not written, 2 wrong options. Never throws. */
export async function exportCommand(args: readonly string[], deps: ExportCommandDeps): Promise<number> {
  const { stdout, stderr } = deps
  const parsed = parseExportOptions(args)
  if (!parsed.ok) {
    stderr.write(`${parsed.problem}\n\n${EXPORT_USAGE}`)
    return 2
  }
  if (parsed.options.help) {
    stdout.write(EXPORT_USAGE)
    return 0
  }
  try {
    await run(parsed.options, deps)
    return 0
  } catch (error) {
    if (error instanceof OptionProblem) {
      stderr.write(`${error.message}\n`)
      return 2
    }
    stderr.write(`${exportWords(error)}\n`)
    return 1
  }
}

async function run(options: ExportOptions, deps: ExportCommandDeps): Promise<void> {
  const { signal, stdout, stderr } = deps
  const range = rangeOf(options, deps.nowMs)
  const level = levelOf(options.level)
  const what = whatOf(options)
  const dataFolder = deps.dataFolderOf(options.dataDir)
  const path = options.out === '-' ? null : targetPath({ ...options, dataFolder })
  if (!existsSync(dataFolder)) throw new OptionProblem(`There is no data folder ${dataFolder}.`)
  const reader = await deps.openReader(dataFolder)
  try {
    const servers = chosenServers(options, await reader.servers.list())
    const names = new Map(servers.map(({ record }) => [record.id, record.name]))
    const choice: HistoryCsvOptions['choice'] = {
      serverIds: [...names.keys()],
      what,
      ...range,
      level,
      form: options.long ? 'long' : 'wide'
    }
    const chunks = historyCsv({
      choice,
      history: reader.history,
      serverName: (serverId) => names.get(serverId) ?? serverId,
      zone: options.utc ? 'utc' : 'local',
      signal
    })
    const open = async (): Promise<ExportSink> =>
      path === null ? openStreamSink(stdout) : openFileSink(path)
    const line = progressLine(stderr)
    try {
      const { rows } = await writeOut(
        chunks,
        open,
        {
          signal,
          progress(event) {
            if (event.kind === 'progress') line.show(event.progress.doneRatio, `${event.progress.rows} rows`)
          }
        },
        { emptyIsError: true, utf8Mark: false }
      )
      line.clear()
      if (path !== null) stderr.write(`${rows} rows in ${path}\n`)
    } finally {
      line.clear()
    }
  } finally {
    await reader.close()
  }
}

function rangeOf(options: ExportOptions, nowMs: number): { fromAtMs: number; toAtMs: number } {
  const [fromAtMs, toAtMs] = (['from', 'to'] as const).map((edge) => {
    const atMs = parseMoment(options[edge], { nowMs, utc: options.utc, edge })
    if (atMs === null) {
      throw new OptionProblem(
        `--${edge} ${options[edge]} is no time. Write 2026-11-20, 2026-11-20T10:00, 2026-11-20T10:00+01:00, or a span before now such as 24h or 7d.`
      )
    }
    return Math.round(atMs)
  }) as [number, number]
  if (fromAtMs >= toAtMs) {
    const said = (atMs: number): string => new Date(atMs).toISOString()
    throw new OptionProblem(
      `The range is empty: --from ${said(fromAtMs)} is not before --to ${said(toAtMs)}.`
    )
  }
  return { fromAtMs, toAtMs }
}

function levelOf(text: string): HistoryLevel {
  const parsed = HistoryLevel.safeParse(text)
  if (parsed.success) return parsed.data
  throw new OptionProblem(`There is no level ${text}. Levels: ${HistoryLevel.options.join(', ')}.`)
}

function whatOf({ kinds, metrics }: ExportOptions): ExportWhat {
  const chosen = kinds.map((text) => {
    const kind = ENTITY_KINDS.find((known) => known === text)
    if (kind === undefined)
      throw new OptionProblem(`There is no kind ${text}. Kinds: ${ENTITY_KINDS.join(', ')}.`)
    return kind
  })
  if (metrics.length === 0) {
    if (chosen.length === 0) return { by: 'all' }
    return { by: 'kinds', kinds: [...new Set(chosen)].map((kind) => ({ kind, metrics: null })) }
  }
  const wanted = new Map<EntityKind, Set<string>>()
  for (const text of metrics) {
    for (const [kind, metric] of metricsNamed(text, chosen.length === 0 ? ENTITY_KINDS : chosen)) {
      wanted.set(kind, (wanted.get(kind) ?? new Set()).add(metric))
    }
  }
  return { by: 'kinds', kinds: [...wanted].map(([kind, names]) => ({ kind, metrics: [...names] })) }
}

/** `cpuUsedRatio` of every kind that has it, or `vm.cpuUsedRatio` of one. */
function metricsNamed(text: string, kinds: readonly EntityKind[]): [EntityKind, string][] {
  const all = kinds.flatMap((kind) =>
    Object.keys(METRICS[kind]).map((metric): [EntityKind, string] => [kind, metric])
  )
  const found = all.filter(([kind, metric]) => text === metric || text === `${kind}.${metric}`)
  if (found.length > 0) return found
  const near = nearNames(text.split('.').at(-1) ?? text, [...new Set(all.map(([, metric]) => metric))])
  const listed = kinds.map((kind) => `  ${kind}: ${Object.keys(METRICS[kind]).join(' ')}`).join('\n')
  throw new OptionProblem(`There is no metric ${text}.${meant(near)} Metrics:\n${listed}`)
}

function chosenServers(options: ExportOptions, all: readonly StoredServer[]): readonly StoredServer[] {
  if (options.allServers) {
    if (all.length === 0) throw new OptionProblem('There is no server in the list.')
    return all
  }
  const found = options.servers.map((text) => {
    const server = all.find(
      ({ record }) => record.id === text || record.name.toLowerCase() === text.toLowerCase()
    )
    if (server !== undefined) return server
    const names = all.map(({ record }) => record.name)
    const near = nearNames(text, names)
    const known = names.length === 0 ? ' The list is empty.' : ` Servers: ${names.join(', ')}.`
    throw new OptionProblem(`There is no server ${text}.${near.length > 0 ? meant(near) : known}`)
  })
  return [...new Set(found)]
}

const meant = (near: readonly string[]): string =>
  near.length === 0 ? '' : ` Did you mean ${near.join(', ')}?`

function exportWords(error: unknown): string {
  if (!(error instanceof AppError)) return wordsOf(error)
  switch (error.code) {
    case 'nothingToExport':
      return 'There are no values of these servers and metrics in this range, at this level.'
    case 'tooManyColumns':
      return `That would be ${error.params['columns']} columns; a spreadsheet takes ${error.params['max']}. Add --long, or choose fewer servers or metrics.`
    case 'cancelled':
      return 'Interrupted; nothing was written.'
    case 'internal':
      return `The export failed: ${error.cause instanceof Error ? error.cause.message : error.code}`
    case 'disconnected':
      return 'Whoever read the output has gone.'
    default:
      return wordsOf(error)
  }
}
