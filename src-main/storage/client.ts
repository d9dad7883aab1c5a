/** Storage as the application sees it: calls over the port of the one worker that owns the files. */
import { Worker } from 'node:worker_threads'
import { AppError } from '#contract/errors.ts'
import type { Clock } from '../application/clock.ts'
import type { Log } from '../application/platform/platform.ts'
import type { HistoryStore, RowBatch, RowsQuery, Storage } from '../application/storage.ts'
import { unpackAnswer } from './packed-answer.ts'
import type { WorkerOptions } from './protocol.ts'
import { WorkerCalls } from './worker-calls.ts'

export interface OpenStorageOptions {
  /** Made when it is not there; open to its owner only. */
  readonly dataFolder: string
  /** Of storage/worker.ts, or of the built worker.js. */
  readonly workerUrl: URL
  readonly log: Log
  /** The system's when left out. */
  readonly clock?: Pick<Clock, 'nowMs'>
}

/** Ticks that wait for their commit; more are refused with `overflow`. */
const MAX_WAITING_TICKS = 10_000

/**
 * Opens the data folder. Throws dataFolderLocked (`folder`, `pid`), databaseNewer, diskFull, fileNotWritable, internal.
 * Damaged files are put aside and restored without an error: see `health().databaseRecovered`.
 */
export async function openStorage(options: OpenStorageOptions): Promise<Storage> {
  const { dataFolder, workerUrl, log, clock } = options
  const workerData: WorkerOptions = {
    dataFolder,
    clockOffsetMs: clock === undefined ? 0 : clock.nowMs() - Date.now()
  }
  const calls = new WorkerCalls(new Worker(workerUrl, { workerData, name: 'storage' }), log)
  await calls.ready
  return makeStorage(calls)
}

/** A data folder as it was when it was opened, to be read. */
export interface StorageReader {
  readonly servers: Pick<Storage['servers'], 'list'>
  readonly alerts: Pick<Storage['alerts'], 'load'>
  readonly configuration: Pick<Storage['configuration'], 'read'>
  readonly history: Pick<HistoryStore, 'entities' | 'rows'>
  close(): Promise<void>
}

/**
 * Opens the data folder to read it, also while a console has it open; writes nothing. Throws notFound (`what`:
 * dataFolder), databaseNewer, databaseOlder, databaseDamaged, internal.
 */
export async function openStorageReader(options: Omit<OpenStorageOptions, 'clock'>): Promise<StorageReader> {
  const { dataFolder, workerUrl, log } = options
  const workerData: WorkerOptions = { dataFolder, clockOffsetMs: 0, readOnly: true }
  const calls = new WorkerCalls(new Worker(workerUrl, { workerData, name: 'storage-reader' }), log)
  await calls.ready
  return {
    servers: { list: () => calls.call('servers.list') },
    alerts: { load: () => calls.call('alerts.load') },
    configuration: { read: (names) => calls.call('configuration.read', names) },
    history: {
      entities: (serverId) => calls.call('history.entities', serverId),
      rows: (query, signal) => rowBatches(calls, query, signal)
    },
    close: () => calls.close()
  }
}

function makeStorage(calls: WorkerCalls): Storage {
  let closing: Promise<void> | null = null
  return {
    servers: {
      list: () => calls.call('servers.list'),
      insert: (record) => calls.call('servers.insert', record),
      update: (records) => calls.call('servers.update', records),
      remove: (serverIds, { deleteHistory }) => calls.call('servers.remove', serverIds, deleteHistory),
      saveFacts: (serverId, facts, atMs) => calls.call('servers.saveFacts', serverId, facts, atMs),
      saveLastGoodAddress: (serverId, address) => calls.call('servers.saveLastGoodAddress', serverId, address)
    },
    pins: {
      list: (host, port) => calls.call('pins.list', host, port),
      pin: (key, { replace }) => calls.call('pins.pin', key, replace)
    },
    blobs: {
      get: (name) => calls.call('blobs.get', name),
      set: (name, value) => calls.call('blobs.set', name, value)
    },
    configuration: {
      read: (names) => calls.call('configuration.read', names),
      apply: (change) => calls.call('configuration.apply', change)
    },
    settings: {
      read: () => calls.call('settings.read'),
      write: (settings) => calls.call('settings.write', settings)
    },
    journal: {
      begin: (entry) => calls.call('journal.begin', entry),
      end: (id, result) => calls.call('journal.end', id, result),
      list: (query) => calls.call('journal.list', query)
    },
    alerts: {
      load: () => calls.call('alerts.load'),
      commit: (change) => calls.call('alerts.commit', change),
      history: (query) => calls.call('alerts.history', query),
      prune: (endedBeforeMs, most) => calls.call('alerts.prune', endedBeforeMs, most)
    },
    reports: {
      list: () => calls.call('reports.list'),
      insert: (report, scheduleKey) => calls.call('reports.insert', report, scheduleKey),
      update: (report) => calls.call('reports.update', report),
      remove: (reportId) => calls.call('reports.remove', reportId)
    },
    history: makeHistory(calls),
    processes: {
      append: (snapshot) => calls.call('processes.append', snapshot),
      at: (serverId, atMs) => calls.call('processes.at', serverId, atMs),
      series: (query, signal) => calls.callUntil(signal, 'processes.series', query)
    },
    health: () => calls.call('health'),
    close: () => (closing ??= calls.close())
  }
}

function makeHistory(calls: WorkerCalls): HistoryStore {
  let waitingTicks = 0
  return {
    async append(tick) {
      if (waitingTicks >= MAX_WAITING_TICKS) {
        throw new AppError('overflow', { params: { waitingTicks }, retryable: true })
      }
      waitingTicks++
      try {
        await calls.append(tick)
      } finally {
        waitingTicks--
      }
    },
    flush: () => calls.call('history.flush'),
    beginGap: (serverId, fromAtMs, reason, vmUuid) =>
      calls.call('history.beginGap', serverId, fromAtMs, reason, vmUuid ?? null),
    endGap: (serverId, toAtMs, vmUuid) => calls.call('history.endGap', serverId, toAtMs, vmUuid ?? null),
    addMark: (mark) => calls.call('history.addMark', mark),
    marks: (query) => calls.call('history.marks', query),
    addDayTotals: (totals) => calls.call('history.addDayTotals', totals),
    countUp: (serverId, reading, zone) => calls.call('history.countUp', serverId, reading, zone),
    dayTotals: (query) => calls.call('history.dayTotals', query),
    trafficLog: (serverId, path) => calls.call('history.trafficLog', serverId, path),
    addTraffic: (commit) => calls.call('history.addTraffic', commit),
    trafficTotals: (query) => calls.call('history.trafficTotals', query),
    read: async (query, signal) => unpackAnswer(await calls.callUntil(signal, 'history.read', query)),
    statistics: (query, signal) => calls.callUntil(signal, 'history.statistics', query),
    rowsPage: (query, signal) => calls.callUntil(signal, 'history.rowsPage', query),
    top: (query, signal) => calls.callUntil(signal, 'history.top', query),
    busyHours: (query, signal) => calls.callUntil(signal, 'history.busyHours', query),
    means: (query, signal) => calls.callUntil(signal, 'history.means', query),
    figures: (query, signal) => calls.callUntil(signal, 'history.figures', query),
    shares: (query, signal) => calls.callUntil(signal, 'history.shares', query),
    usage: () => calls.call('history.usage'),
    entities: (serverId) => calls.call('history.entities', serverId),
    rows: (query, signal) => rowBatches(calls, query, signal),
    applyRetention: (retention, nowMs) => calls.call('history.applyRetention', retention, nowMs)
  }
}

/** The next batch is made while this one is used; never more than that. */
async function* rowBatches(
  calls: WorkerCalls,
  query: RowsQuery,
  signal: AbortSignal
): AsyncGenerator<RowBatch> {
  const cursor = await calls.callUntil(signal, 'history.rowsOpen', query)
  // Settled as a value: when the reader stops early, nobody awaits the batch ahead, and its failure concerns nobody.
  const ask = async (): Promise<{ batch: RowBatch | null } | { error: unknown }> => {
    try {
      return { batch: await calls.callUntil(signal, 'history.rowsNext', cursor) }
    } catch (error) {
      return { error }
    }
  }
  try {
    let ahead = ask()
    for (;;) {
      const outcome = await ahead
      if ('error' in outcome) throw outcome.error
      if (outcome.batch === null) return
      ahead = ask()
      yield outcome.batch
    }
  } finally {
    await calls.call('history.rowsClose', cursor)
  }
}
