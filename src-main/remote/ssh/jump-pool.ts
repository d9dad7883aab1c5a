import { AppError } from '#contract/errors.ts'
import { cancelled } from './deadline.ts'
import type { SshLink } from './link.ts'

interface Entry {
  readonly opening: Promise<SshLink>
  readonly abort: AbortController
  users: number
  link: SshLink | null
  linger: NodeJS.Timeout | null
}

export interface JumpLease {
  readonly link: SshLink
  /** Idempotent. */
  release(): void
}

/** One connection per jump host (and way to it), shared by all servers behind it, closed when the last one has gone. */
export class JumpPool {
  readonly #lingerMs: number
  readonly #entries = new Map<string, Entry>()

  constructor(lingerMs: number) {
    this.#lingerMs = lingerMs
  }

  /**
   * The shared link, opened when there is none. `open` gets a signal of its own: it is aborted only when nobody waits
   * for the link any more.
   * @throws what `open` throws, or cancelled
   */
  async acquire(
    name: string,
    signal: AbortSignal,
    open: (signal: AbortSignal) => Promise<SshLink>
  ): Promise<JumpLease> {
    const entry = this.#entries.get(name) ?? this.#add(name, open)
    entry.users += 1
    if (entry.linger) clearTimeout(entry.linger)
    entry.linger = null
    const release = this.#releaser(name, entry)
    try {
      const link = await untilAborted(entry.opening, signal)
      return { link, release }
    } catch (error) {
      release()
      throw error
    }
  }

  close(): void {
    for (const [name, entry] of this.#entries) this.#drop(name, entry)
  }

  #add(name: string, open: (signal: AbortSignal) => Promise<SshLink>): Entry {
    const abort = new AbortController()
    const entry: Entry = { opening: open(abort.signal), abort, users: 0, link: null, linger: null }
    this.#entries.set(name, entry)
    const forget = (): void => {
      if (this.#entries.get(name) === entry) this.#entries.delete(name)
    }
    entry.opening.then((link) => {
      entry.link = link
      void link.closed.then(forget)
    }, forget)
    return entry
  }

  #releaser(name: string, entry: Entry): () => void {
    let held = true
    return () => {
      if (!held) return
      held = false
      entry.users -= 1
      if (entry.users > 0) return
      if (entry.link === null) {
        this.#drop(name, entry)
      } else {
        entry.linger = setTimeout(() => this.#drop(name, entry), this.#lingerMs)
        entry.linger.unref()
      }
    }
  }

  #drop(name: string, entry: Entry): void {
    if (this.#entries.get(name) === entry) this.#entries.delete(name)
    if (entry.linger) clearTimeout(entry.linger)
    entry.abort.abort(new AppError('cancelled', { params: { reason: 'jumpUnused' } }))
    entry.link?.close()
  }
}

function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(cancelled(signal))
    if (signal.aborted) {
      onAbort()
      return
    }
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
