/** Lists of pools and volumes. A pool that hangs is found by its deadline, marked, and left alone. */
import { AppError } from '#contract/errors.ts'
import { MAX_VOLUMES_SHOWN, PoolUuid, type Pool, type Volume } from '#contract/storage.ts'
import type { PoolsListing, VolumesReading } from '../../../application/stores/stores.ts'
import { parseUuidLines } from '../../../domain/libvirt/listing.ts'
import { parseVolumeList } from '../../../domain/libvirt/store-tables.ts'
import { readBatch, type BatchAnswer } from '../virsh-batch.ts'
import { HungPools } from './hung-pools.ts'
import { parsePoolXml, parseVolumeXml } from './pool-xml.ts'
import type { StoreDeps } from './store-deps.ts'

const LIST_DEADLINE_MS = 4_000
const POOL_DEADLINE_MS = 4_000
const VOLUME_MS = 15
/** libvirt's own list of pools, in `HungPools`. */
const THE_LIST = 'list'
/** Kinds of pools whose volumes lie in a folder; asking for its file system first keeps libvirt out of a dead one. */
const IN_A_FOLDER = new Set(['dir', 'fs', 'netfs', 'vstorage'])

const LIST_QUESTIONS = [
  ['pool-list', '--all', '--uuid'],
  ['pool-list', '--uuid'],
  ['pool-list', '--all', '--autostart', '--uuid'],
  ['pool-list', '--all', '--transient', '--uuid']
] as const

type PoolFlags = Pick<Pool, 'state' | 'autostart' | 'persistent'>

export class PoolReader {
  readonly #deps: StoreDeps
  readonly #hung: HungPools
  /** As they were read last, for those that cannot be asked now. */
  #known = new Map<string, Pool>()

  constructor(deps: StoreDeps) {
    this.#deps = deps
    this.#hung = new HungPools(deps.clock)
  }

  async pools(signal: AbortSignal): Promise<PoolsListing> {
    const listed = await this.#list(signal)
    const uuids = listed === null ? [...this.#known.keys()] : [...listed.keys()]
    const read = await this.#readPools(uuids, signal)
    const pools = uuids
      .map((uuid) => this.#poolOf(uuid, read.get(uuid), listed?.get(uuid)))
      .filter((pool) => pool !== null)
    this.#known = new Map(pools.map((pool) => [pool.uuid, pool]))
    const error = listed === null ? new AppError('storageNotResponding', { retryable: true }) : null
    return { pools, error }
  }

  /** @throws AppError notFound, storageNotResponding, libvirtFailed */
  async volumes(
    uuid: PoolUuid,
    { signal, again = false }: { signal: AbortSignal; again?: boolean }
  ): Promise<VolumesReading> {
    const pool = this.#known.get(uuid)
    if (pool === undefined) throw new AppError('notFound')
    const mayAsk = again ? this.#hung.mayAskAgain(uuid) : this.#hung.mayAsk(uuid)
    if (!mayAsk) throw this.#notResponding(pool)
    const gate = this.#gateOf(pool)
    const [list] = await this.#ask(pool, [['vol-list', '--pool', uuid]], gate, signal)
    if (list === undefined || list.error !== '')
      throw new AppError('libvirtFailed', { params: { stderr: list?.error ?? '' }, retryable: true })
    const { names, leftOut } = parseVolumeList(list.output)
    const shown = names.slice(0, MAX_VOLUMES_SHOWN)
    const questions = shown.map((name) => ['vol-dumpxml', '--pool', uuid, '--vol', name])
    const answers = questions.length === 0 ? [] : await this.#ask(pool, questions, null, signal)
    this.#hung.answers(uuid)
    const volumes = answers
      .map((answer, index) => volumeOf(answer, uuid, shown[index] ?? ''))
      .filter((volume) => volume !== null)
    return { volumes, leftOut: leftOut + names.length - volumes.length }
  }

  async #ask(
    pool: Pool,
    questions: readonly (readonly string[])[],
    gate: string | null,
    signal: AbortSignal
  ): Promise<readonly BatchAnswer[]> {
    const deadlineMs = POOL_DEADLINE_MS + questions.length * VOLUME_MS
    const { answers, end } = await readBatch(this.#deps, questions, { signal, deadlineMs, gate }).catch(
      asGateStuck
    )
    if (end === 'answered') return answers
    this.#hung.hangs(pool.uuid, end === 'stuck')
    throw this.#notResponding(pool)
  }

  #notResponding(pool: Pool): AppError {
    return new AppError('storageNotResponding', { params: { pool: pool.name }, retryable: true })
  }

  /** null: it does not answer, because a pool that hangs makes it wait. */
  async #list(signal: AbortSignal): Promise<ReadonlyMap<string, PoolFlags> | null> {
    const waits = this.#hung.libvirtWaits || this.#hung.sinceAtMs(THE_LIST) !== null
    if (waits && !this.#hung.mayAsk(THE_LIST)) return null
    const { answers, end } = await readBatch(this.#deps, LIST_QUESTIONS, {
      signal,
      deadlineMs: LIST_DEADLINE_MS
    })
    if (end !== 'answered') {
      this.#hung.hangs(THE_LIST, true)
      return null
    }
    this.#hung.answers(THE_LIST)
    const [all, active, autostart, transient] = answers.map(uuidsOf)
    return new Map(
      [...(all ?? [])].map((uuid) => [
        uuid,
        {
          state: active?.has(uuid) === true ? 'running' : 'inactive',
          autostart: autostart?.has(uuid) === true,
          persistent: transient?.has(uuid) !== true
        }
      ])
    )
  }

  /**
   * Their XML, of those that answer. All in one question; the one at which it stops is marked, and the rest is asked
   * again. One that is marked is asked alone, and only when its folder answers.
   */
  async #readPools(uuids: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, BatchAnswer>> {
    const read = new Map<string, BatchAnswer>()
    const ask = async (asked: readonly string[], gate: string | null): Promise<number> => {
      const questions = asked.map((uuid) => ['pool-dumpxml', uuid])
      const options = { signal, deadlineMs: POOL_DEADLINE_MS, gate }
      const { answers, end } = await readBatch(this.#deps, questions, options).catch(asGateStuck)
      answers.forEach((answer, index) => {
        const uuid = asked[index] ?? ''
        read.set(uuid, answer)
        this.#hung.answers(uuid)
      })
      const stuckAt = asked[answers.length]
      if (end !== 'answered' && stuckAt !== undefined) this.#hung.hangs(stuckAt, end === 'stuck')
      return answers.length + 1
    }
    let rest = uuids.filter((uuid) => this.#hung.sinceAtMs(uuid) === null)
    while (rest.length > 0) rest = rest.slice(await ask(rest, null))
    for (const uuid of uuids)
      if (this.#hung.sinceAtMs(uuid) !== null && !read.has(uuid) && this.#hung.mayAsk(uuid))
        await ask([uuid], this.#gateOf(this.#known.get(uuid)))
    return read
  }

  #gateOf(pool: Pool | undefined): string | null {
    return pool !== undefined && IN_A_FOLDER.has(pool.type) ? pool.targetPath : null
  }

  /** null: it is gone, or nothing is known of it yet. */
  #poolOf(uuid: string, answer: BatchAnswer | undefined, flags: PoolFlags | undefined): Pool | null {
    const known = this.#known.get(uuid)
    const notRespondingSinceAtMs = this.#hung.sinceAtMs(uuid)
    if (answer === undefined)
      return known === undefined ? null : { ...known, ...flags, notRespondingSinceAtMs }
    if (answer.error !== '') return null
    const { state, autostart, persistent } = flags ?? known ?? UNKNOWN_FLAGS
    return {
      ...parsePoolXml(answer.output),
      ...(state === 'running' ? {} : NO_SIZES),
      uuid: PoolUuid.parse(uuid),
      state,
      autostart,
      persistent,
      notRespondingSinceAtMs
    }
  }
}

const UNKNOWN_FLAGS: PoolFlags = { state: 'running', autostart: false, persistent: true }
const NO_SIZES = { capacityBytes: null, allocationBytes: null, availableBytes: null }

/** The shell itself did not come back: its process waits for the dead file system and cannot be killed. */
function asGateStuck(error: unknown): { answers: readonly BatchAnswer[]; end: 'gateStuck' } {
  if (error instanceof AppError && error.code === 'deadlineExceeded') return { answers: [], end: 'gateStuck' }
  throw error
}

function uuidsOf(answer: BatchAnswer): ReadonlySet<string> {
  if (answer.error !== '')
    throw new AppError('libvirtFailed', { params: { stderr: answer.error }, retryable: true })
  return parseUuidLines(answer.output)
}

/** null: gone meanwhile, or the name led to another volume. */
function volumeOf(answer: BatchAnswer, poolUuid: PoolUuid, name: string): Volume | null {
  if (answer.error !== '') return null
  try {
    const volume = parseVolumeXml(answer.output, poolUuid)
    return volume.name === name ? volume : null
  } catch {
    // Hostile or of a libvirt we do not know: the pool's other volumes are shown.
    return null
  }
}
