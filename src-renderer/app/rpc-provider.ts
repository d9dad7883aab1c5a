/**
 * One client for the whole window, and the life of its connection: it is opened at start, opened again when it was lost,
 * and everything that watches is told (`generation` grows), so that it takes a new snapshot.
 */
import type { VirthelmContract } from '#contract/index.ts'
import { AppError } from '#contract/errors.ts'
import { computed, ref, shallowRef, toRaw, type ComputedRef, type Ref } from 'vue'
import type { Client, VirthelmClient } from '../rpc/index.ts'

export type LinkState =
  /** The first attempt. */
  | 'connecting'
  | 'connected'
  /** It was there, or could not be had at first; attempts go on. */
  | 'lost'

export interface Rpc extends Omit<Client<VirthelmContract>, 'closed' | 'close' | 'onClose'> {
  readonly link: Readonly<Ref<LinkState>>
  /** Grows by one with each connection; 0 = none yet. */
  readonly generation: Readonly<Ref<number>>
  readonly connected: ComputedRef<boolean>
  /** Tries at once instead of waiting for the next attempt. */
  connectNow(): void
  stop(): void
}

const FIRST_RETRY_MS = 300
const LAST_RETRY_MS = 3_000

/** Inputs often come out of forms: a reactive proxy cannot be sent. */
function plain<T>(value: T): T {
  const raw: unknown = toRaw(value)
  if (Array.isArray(raw)) return raw.map(plain) as T
  if (typeof raw !== 'object' || raw === null) return raw as T
  return Object.fromEntries(Object.entries(raw).map(([key, field]) => [key, plain(field)])) as T
}

/** `open` is `connect()` of ../rpc; a test gives a client over a MessagePort instead. */
export function createRpc(open: () => Promise<VirthelmClient>): Rpc {
  const client = shallowRef<VirthelmClient | null>(null)
  const link = ref<LinkState>('connecting')
  const generation = ref(0)
  let timer: ReturnType<typeof setTimeout> | undefined
  let retryMs = FIRST_RETRY_MS
  let stopped = false
  let opening = false

  const later = (): void => {
    if (stopped) return
    clearTimeout(timer)
    timer = setTimeout(() => void attempt(), retryMs)
    retryMs = Math.min(LAST_RETRY_MS, retryMs * 1.6)
  }

  const attempt = async (): Promise<void> => {
    if (stopped || opening || client.value !== null) return
    opening = true
    try {
      const opened = await open()
      if (stopped) {
        opened.close()
        return
      }
      client.value = opened
      retryMs = FIRST_RETRY_MS
      link.value = 'connected'
      // Last: whoever follows it opens streams at once.
      generation.value += 1
      opened.onClose(() => {
        if (client.value !== opened) return
        client.value = null
        link.value = 'lost'
        later()
      })
    } catch (error) {
      // Expected while the engine is away: the overlay says so, and the next attempt is under way.
      console.debug('no connection to the console yet', error)
      link.value = 'lost'
      later()
    } finally {
      opening = false
    }
  }

  const need = (): VirthelmClient => {
    const current = client.value
    if (current === null) throw new AppError('disconnected', { retryable: true })
    return current
  }

  void attempt()
  return {
    link,
    generation,
    connected: computed(() => link.value === 'connected'),
    call: async (name, input, options) => need().call(name, plain(input), options),
    stream: (name, input, options) => need().stream(name, plain(input), options),
    task: (name, input, options) => need().task(name, plain(input), options),
    attach: async (name, taskId, options) => need().attach(name, taskId, options),
    channel: (name, input, options) => need().channel(name, plain(input), options),
    connectNow() {
      clearTimeout(timer)
      retryMs = FIRST_RETRY_MS
      void attempt()
    },
    stop() {
      stopped = true
      clearTimeout(timer)
      client.value?.close()
      client.value = null
    }
  }
}

let current: Rpc | null = null

/** Called once by main.ts, and by tests with a client over a fake engine. */
export function installRpc(rpc: Rpc): void {
  current = rpc
}

/** The window's client; anywhere, also outside of components. */
export function useRpc(): Rpc {
  if (current === null) throw new Error('installRpc was not called')
  return current
}
