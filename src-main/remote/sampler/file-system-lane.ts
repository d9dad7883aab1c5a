/** The lane of file systems: a channel of its own, so that a dead mount stalls nothing else. */
import { AppError } from '#contract/errors.ts'
import type { EntityValues } from '#contract/metric-catalogue.ts'
import type { Capability } from '#contract/servers.ts'
import type { Clock } from '../../application/clock.ts'
import type { Connection } from '../../application/servers/connection.ts'
import {
  deriveFileSystems,
  fileSystemDetails,
  type FileSystemDetail
} from '../../domain/metrics/derive-file-systems.ts'
import { type DfRow, parseDf } from '../../domain/metrics/df.ts'
import { parseMountinfo } from '../../domain/metrics/mountinfo.ts'
import { openResidentShell } from './open-resident-shell.ts'
import type { ResidentShell } from './resident-shell.ts'
import { MOUNTS_SCRIPT } from './scripts.ts'

const OPEN_DEADLINE_MS = 10_000
const FRAME_DEADLINE_MS = 15_000
const MAX_FRAME_BYTES = 2 * 1024 * 1024
/** How long a reading waits for network file systems; a slower answer is used by the next reading. */
const NETWORK_WAIT_MS = 1_000
/** An answer older than this says nothing about now. */
const NETWORK_ANSWER_AGE_MS = 90_000

interface NetworkAnswer {
  readonly row: DfRow | null
  readonly atMs: number
}

export class FileSystemLane {
  readonly #connection: Connection
  readonly #clock: Clock
  readonly #script: string
  #shell: ResidentShell | null = null
  #closed = false
  readonly #answers = new Map<string, NetworkAnswer>()
  #onAnswer: () => void = () => undefined
  #capability: Capability | null = null
  #details: readonly FileSystemDetail[] = []

  constructor(connection: Connection, clock: Clock, script = MOUNTS_SCRIPT) {
    this.#script = script
    this.#connection = connection
    this.#clock = clock
  }

  /** Of the last reading; empty until then. */
  get details(): readonly FileSystemDetail[] {
    return this.#details
  }

  /** null until the first reading. */
  get capability(): Capability | null {
    return this.#capability
  }

  /**
   * One reading. Throws as an exchange does; a channel that broke is opened again by the next reading. One that hangs is
   * not: the next reading waits for it, so that nothing piles up on the server.
   */
  async read(signal: AbortSignal): Promise<EntityValues[]> {
    try {
      return await this.#readNow(signal)
    } catch (error) {
      const code = error instanceof AppError ? error.code : 'internal'
      if (code !== 'cancelled') {
        const cause = code === 'deadlineExceeded' ? 'stalled' : 'unreadable'
        this.#capability = { id: 'fileSystems', works: false, cause, fix: null }
      }
      throw error
    }
  }

  async #readNow(signal: AbortSignal): Promise<EntityValues[]> {
    const shell = await this.#open(signal)
    const askedAtMs = this.#clock.monotonicMs()
    const body = await shell.exchange('m', {
      signal,
      deadlineMs: FRAME_DEADLINE_MS,
      maxBytes: MAX_FRAME_BYTES
    })
    const parts = shell.sections(body, 'part')
    const mountinfo = parts.get('mountinfo')
    if (mountinfo === undefined) {
      throw new AppError('protocolViolation', { params: { problem: 'no mountinfo' } })
    }
    const network = await this.#network(parts.get('network') ?? '', askedAtMs, signal)
    const stalled = [...network.values()].includes(null)
    const works = (parts.get('tools') ?? '').trim() !== ''
    this.#capability = {
      id: 'fileSystems',
      works,
      cause: !works ? 'toolMissing' : stalled ? 'stalled' : null,
      fix: null
    }
    const reading = {
      mounts: parseMountinfo(mountinfo),
      space: parseDf(parts.get('space') ?? ''),
      inodes: parseDf(parts.get('inodes') ?? ''),
      network
    }
    this.#details = fileSystemDetails(reading)
    return deriveFileSystems(reading)
  }

  close(): void {
    this.#closed = true
    this.#shell?.close()
  }

  async #open(signal: AbortSignal): Promise<ResidentShell> {
    if (this.#closed) throw new AppError('disconnected')
    if (this.#shell !== null && this.#shell.failure === null) return this.#shell
    const shell = await openResidentShell(this.#connection, {
      lane: 'mounts',
      script: this.#script,
      signal,
      deadlineMs: OPEN_DEADLINE_MS,
      onNote: (note) => {
        this.#takeNote(note)
      }
    })
    if (this.#isClosed()) {
      shell.close()
      throw new AppError('disconnected')
    }
    this.#shell = shell
    return shell
  }

  /** A method, so that the compiler does not take the answer from before the await for granted. */
  #isClosed(): boolean {
    return this.#closed
  }

  /** `net ID DF-LINE`: a network file system answered. */
  #takeNote(note: string): void {
    const [, id, line] = /^net (\d{1,10})(?: (.*))?$/.exec(note) ?? []
    if (id === undefined) return
    const row = [...parseDf(line ?? '').values()][0] ?? null
    this.#answers.set(id, { row, atMs: this.#clock.monotonicMs() })
    this.#onAnswer()
  }

  /** Answers by mount id; null = silent. `list` has lines `asked ID` and, for those still silent from before, `busy ID`. */
  async #network(list: string, askedAtMs: number, signal: AbortSignal): Promise<Map<string, DfRow | null>> {
    const states = [...list.matchAll(/^(asked|busy) (\d{1,10})$/gm)]
    const asked = states.filter(([, state]) => state === 'asked').map(([, , id]) => id ?? '')
    await this.#waitForAnswers(asked, askedAtMs, signal)
    const oldestMs = this.#clock.monotonicMs() - NETWORK_ANSWER_AGE_MS
    const network = new Map<string, DfRow | null>()
    for (const [, state, id = ''] of states) {
      const answer = this.#answers.get(id)
      const usable = state === 'asked' && answer !== undefined && answer.atMs >= oldestMs
      network.set(id, usable ? answer.row : null)
    }
    for (const id of this.#answers.keys()) if (!network.has(id)) this.#answers.delete(id)
    return network
  }

  async #waitForAnswers(asked: readonly string[], askedAtMs: number, signal: AbortSignal): Promise<void> {
    const missing = (): boolean => asked.some((id) => (this.#answers.get(id)?.atMs ?? -1) < askedAtMs)
    if (!missing()) return
    const enough = new AbortController()
    this.#onAnswer = () => {
      if (!missing()) enough.abort()
    }
    try {
      await this.#clock.sleep(NETWORK_WAIT_MS, AbortSignal.any([signal, enough.signal]))
    } catch (error) {
      if (signal.aborted) throw new AppError('cancelled', { cause: error })
    } finally {
      this.#onAnswer = () => undefined
    }
  }
}
