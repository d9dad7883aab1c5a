/** The operator's outside engines: their list, their secrets, a sender each; and the one that long ranges are read from. */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import {
  EngineSettings,
  MAX_ENGINES,
  ReadingSettings,
  type EnginesView,
  type EngineView
} from '#contract/engines.ts'
import { AppError } from '#contract/errors.ts'
import { EngineId } from '#contract/ids.ts'
import type { OutsideTick } from '../../domain/engines/naming.ts'
import type { Clock } from '../clock.ts'
import type { Log } from '../platform/platform.ts'
import type { BlobStore } from '../storage.ts'
import { createTopic } from '../streams.ts'
import { EngineSender } from './engine-sender.ts'
import { needsSecret, type EngineVault } from './engine-vault.ts'
import type { EngineHttp } from './http.ts'
import { OutsideReader } from './outside-reader.ts'
import type { RecordQueue, RecordQueues } from './record-queue.ts'

export interface OutsideEnginesDeps {
  readonly blobs: BlobStore
  readonly vault: EngineVault
  readonly queues: RecordQueues
  readonly http: EngineHttp
  readonly clock: Clock
  readonly log: Log
  /** 0..1, for jitter. */
  readonly random: () => number
}

export const ENGINES_BLOB = 'outside-engines'
/** The vault's name for the query API's secret. */
export const READING = 'reading'

export const KeptEngines = z.object({
  engines: z.array(z.object({ engineId: EngineId, settings: EngineSettings })).max(MAX_ENGINES),
  reading: ReadingSettings.nullable()
})

interface Engine {
  readonly engineId: EngineId
  settings: EngineSettings
  readonly sender: EngineSender
}

export class OutsideEngines {
  readonly reader: OutsideReader
  readonly #deps: OutsideEnginesDeps
  readonly #engines = new Map<EngineId, Engine>()
  readonly #changed = createTopic<null>(null)
  #reading: ReadingSettings | null = null
  /** One change of the list at a time: each is written whole. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(deps: OutsideEnginesDeps) {
    this.#deps = deps
    this.reader = new OutsideReader({ ...deps, onChange: () => this.#changed.publish(null) })
  }

  /** Reads the list and starts to send what an earlier run left. */
  async open(): Promise<void> {
    const { engines, reading } = await this.#readList()
    for (const { engineId, settings } of engines) {
      await this.#loadSecret(engineId)
      this.#adopt(engineId, settings)
    }
    if (reading !== null) await this.#loadSecret(READING)
    this.#setReading(reading)
  }

  /** Whether anybody wants ticks at all. */
  get takesTicks(): boolean {
    return [...this.#engines.values()].some(({ settings }) => settings.enabled)
  }

  /** Hands a tick to every sender. Returns at once. */
  take(tick: OutsideTick): void {
    for (const { sender } of this.#engines.values()) sender.take(tick)
  }

  async close(): Promise<void> {
    await Promise.all([...this.#engines.values()].map(({ sender }) => sender.close()))
    this.#deps.http.close()
  }

  view(): EnginesView {
    return {
      engines: [...this.#engines.values()].map((engine) => this.#viewOf(engine)),
      reading: {
        settings: this.#reading,
        secret: this.#readingSecretState(),
        ...this.reader.status()
      }
    }
  }

  /** A word whenever the view may have changed, the first at once. */
  changes(signal: AbortSignal): AsyncIterable<null> {
    return this.#changed.latest(signal)
  }

  /** Throws notFound. */
  retryNow(engineId: EngineId): void {
    this.#get(engineId).sender.retryNow()
  }

  /** Throws conflict, notFound. */
  save(engineId: EngineId | null, settings: EngineSettings, secret: string | null): Promise<EngineId> {
    return this.#inTurn(async () => {
      const found = engineId === null ? null : this.#get(engineId)
      const id = found?.engineId ?? (randomUUID() as EngineId)
      this.#assertNameFree(settings.name, id)
      if (found === null && this.#engines.size >= MAX_ENGINES) {
        throw new AppError('conflict', { params: { what: 'tooManyEngines' } })
      }
      await this.#writeList([
        ...this.#kept().filter((kept) => kept.engineId !== id),
        { engineId: id, settings }
      ])
      await this.#keepSecret(id, settings.target.url, needsSecret(settings.target), secret)
      if (found === null) this.#adopt(id, settings)
      else {
        found.settings = settings
        await found.sender.change(this.#setupOf(id, settings))
      }
      this.#changed.publish(null)
      return id
    })
  }

  /** With its queue and its secret. Throws notFound. */
  remove(engineId: EngineId): Promise<void> {
    return this.#inTurn(async () => {
      const { sender } = this.#get(engineId)
      await this.#writeList(this.#kept().filter((kept) => kept.engineId !== engineId))
      this.#engines.delete(engineId)
      this.#changed.publish(null)
      await sender.close()
      await this.#deps.vault.forget(engineId)
      await this.#deps.queues.remove(engineId)
    })
  }

  /**
   * Has the list written past this, and takes it up: nothing else writes it meanwhile. Secrets are held by then. Rejects as `write`
   * does, and then nothing has changed.
   */
  reloadAfter(write: () => Promise<void>): Promise<void> {
    return this.#inTurn(async () => {
      await write()
      const { engines, reading } = await this.#readList()
      const kept = new Map(engines.map(({ engineId, settings }) => [engineId, settings]))
      for (const { engineId, sender } of [...this.#engines.values()]) {
        if (kept.has(engineId)) continue
        this.#engines.delete(engineId)
        await sender.close()
        await this.#deps.vault.forget(engineId)
        await this.#deps.queues.remove(engineId)
      }
      for (const [engineId, settings] of kept) {
        const known = this.#engines.get(engineId)
        if (known === undefined) this.#adopt(engineId, settings)
        else {
          known.settings = settings
          await known.sender.change(this.#setupOf(engineId, settings))
        }
      }
      if (reading === null) await this.#deps.vault.forget(READING)
      this.#setReading(reading)
      this.#changed.publish(null)
    })
  }

  saveReading(settings: ReadingSettings | null, secret: string | null): Promise<void> {
    return this.#inTurn(async () => {
      await this.#writeList(this.#kept(), settings)
      const needed = settings !== null && needsSecret(settings)
      await this.#keepSecret(READING, settings?.url ?? '', needed, secret)
      this.#setReading(settings)
      this.#changed.publish(null)
    })
  }

  /** A secret that cannot be read must not keep the console from starting: it is asked for again. */
  async #loadSecret(owner: string): Promise<void> {
    try {
      await this.#deps.vault.load(owner)
    } catch (cause) {
      this.#deps.log.error('engines.secretUnreadable', cause, { owner })
    }
  }

  async #keepSecret(owner: string, url: string, needed: boolean, secret: string | null): Promise<void> {
    if (!needed) await this.#deps.vault.forget(owner)
    else if (secret !== null) await this.#deps.vault.set(owner, url, secret)
  }

  #adopt(engineId: EngineId, settings: EngineSettings): void {
    const onChange = (): void => this.#changed.publish(null)
    const openQueue = (): Promise<RecordQueue> =>
      this.#deps.queues.open(engineId, engine.settings.queueLimitBytes)
    const sender = new EngineSender(this.#setupOf(engineId, settings), openQueue, { ...this.#deps, onChange })
    const engine: Engine = { engineId, settings, sender }
    this.#engines.set(engineId, engine)
    sender.start()
  }

  #setupOf(engineId: EngineId, settings: EngineSettings): ConstructorParameters<typeof EngineSender>[0] {
    const secret = this.#deps.vault.find(engineId, settings.target.url)
    return { engineId, settings, secret, secretMissing: needsSecret(settings.target) && secret === null }
  }

  #setReading(settings: ReadingSettings | null): void {
    this.#reading = settings
    this.reader.change(settings, settings === null ? null : this.#deps.vault.find(READING, settings.url))
  }

  #readingSecretState(): EnginesView['reading']['secret'] {
    if (this.#reading === null) return 'none'
    return this.#deps.vault.stateOf(READING, this.#reading.url, needsSecret(this.#reading))
  }

  #viewOf({ engineId, settings, sender }: Engine): EngineView {
    const secret = this.#deps.vault.stateOf(engineId, settings.target.url, needsSecret(settings.target))
    return { engineId, settings, secret, status: sender.status() }
  }

  #get(engineId: EngineId): Engine {
    const engine = this.#engines.get(engineId)
    if (!engine) throw new AppError('notFound', { params: { what: 'engine' } })
    return engine
  }

  #assertNameFree(name: string, own: EngineId): void {
    for (const { engineId, settings } of this.#engines.values()) {
      if (engineId === own || settings.name.toLowerCase() !== name.toLowerCase()) continue
      throw new AppError('conflict', { params: { what: 'engineName', name } })
    }
  }

  #kept(): z.infer<typeof KeptEngines>['engines'] {
    return [...this.#engines.values()].map(({ engineId, settings }) => ({ engineId, settings }))
  }

  async #readList(): Promise<z.infer<typeof KeptEngines>> {
    const nothing = { engines: [], reading: null }
    const blob = await this.#deps.blobs.get(ENGINES_BLOB)
    if (blob === null) return nothing
    try {
      return KeptEngines.parse(JSON.parse(new TextDecoder().decode(blob)))
    } catch (cause) {
      // Of a newer console, or damaged: it is left alone until the operator saves an engine.
      this.#deps.log.error('engines.listUnreadable', cause)
      return nothing
    }
  }

  async #writeList(
    engines: z.infer<typeof KeptEngines>['engines'],
    reading: ReadingSettings | null = this.#reading
  ): Promise<void> {
    await this.#deps.blobs.set(ENGINES_BLOB, new TextEncoder().encode(JSON.stringify({ engines, reading })))
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work)
    // The failure belongs to who asked; the next in turn only waits.
    this.#last = mine.catch(() => undefined)
    return mine
  }
}
