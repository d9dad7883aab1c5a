/**
 * Command lines of processes: read once when a process is new, again when its name changes (it became another program) and now and
 * then, since programs write their state there. A process whose command line cannot be read holds up nobody else's twice.
 */
import { AppError } from '#contract/errors.ts'
import { processKey } from '../../domain/processes/process.ts'
import type { ProcessStat } from '../../domain/processes/proc-stat-records.ts'
import type { Tools } from '../telemetry/tools.ts'
import type { ProcessTools } from './process-tools.ts'

const BATCH = 64
/** Per reading; with ten thousand new processes the rest follow with the next ones. */
const BATCHES_PER_READING = 12
const AGAIN_AFTER_MS = 300_000

interface Entry {
  readonly text: string | null
  readonly name: string
  readonly readAtMs: number
}

export interface Asking {
  readonly tools: Tools
  readonly nowMs: number
  /**
   * Processes that started then or later wait for the next reading: most of them are gone by then (the console's own tools are
   * among them), and asking for them would start more. Infinity: all are asked for at once.
   */
  readonly youngFromTicks: number
  readonly signal: AbortSignal
}

export class CommandLines {
  readonly #tools: ProcessTools
  #entries = new Map<string, Entry>()
  /** Smaller after a reading that hung, until the one that hangs is found. */
  #batch = BATCH

  constructor(tools: ProcessTools) {
    this.#tools = tools
  }

  /** null = not read. */
  of(key: string): string | null {
    return this.#entries.get(key)?.text ?? null
  }

  /** Never rejects for a process that does not let itself be read; throws cancelled and disconnected. */
  async update(
    stats: Iterable<ProcessStat>,
    { tools, nowMs, youngFromTicks, signal }: Asking
  ): Promise<void> {
    const next = new Map<string, Entry>()
    const due: ProcessStat[] = []
    const old: ProcessStat[] = []
    for (const stat of stats) {
      if (stat.isKernelThread) continue
      const key = processKey(stat)
      const entry = this.#entries.get(key)
      if (entry !== undefined) next.set(key, entry)
      // It has ended and waits for its parent: there is no command line any more.
      if (stat.state === 'Z') {
        if (entry === undefined) next.set(key, { text: '', name: stat.name, readAtMs: nowMs })
        continue
      }
      if (entry === undefined && stat.startTicks >= youngFromTicks) continue
      if (entry?.name !== stat.name) due.push(stat)
      else if (nowMs - entry.readAtMs >= AGAIN_AFTER_MS) old.push(stat)
    }
    this.#entries = next
    // One batch of old ones at a time: they are many at once, five minutes after the first reading.
    const all = [...due, ...old.slice(0, BATCH)].slice(0, BATCH * BATCHES_PER_READING)
    for (let from = 0; from < all.length;) {
      const some = all.slice(from, from + this.#batch)
      from += some.length
      if (!(await this.#read(some, tools, nowMs, signal))) return
    }
  }

  /** False when it hung: the rest waits for the next reading. */
  async #read(
    stats: readonly ProcessStat[],
    tools: Tools,
    nowMs: number,
    signal: AbortSignal
  ): Promise<boolean> {
    const put = (stat: ProcessStat, text: string | null): void => {
      this.#entries.set(processKey(stat), { text, name: stat.name, readAtMs: nowMs })
    }
    try {
      const found = await this.#tools.commandLines(
        tools,
        stats.map(({ pid }) => pid),
        signal
      )
      // A file without a line: it has no arguments, or has ended.
      for (const stat of stats) put(stat, found.get(stat.pid) ?? '')
      this.#batch = BATCH
      return true
    } catch (error) {
      const code = error instanceof AppError ? error.code : null
      if (code !== 'deadlineExceeded' && code !== 'outputTooLarge') throw error
      const [first] = stats
      // Found: it stays without a command line, and is tried again when old ones are.
      if (stats.length === 1 && first !== undefined) put(first, this.of(processKey(first)))
      else this.#batch = Math.max(1, Math.floor(this.#batch / 8))
      return false
    }
  }
}
