/**
 * The life of a console's connection: opened while it is wanted, opened again after it was lost (a guest that reboots, a
 * link that breaks), ended with the component.
 */
import { AppError } from '#contract/errors.ts'
import { onScopeDispose, shallowRef, watch, type Ref } from 'vue'

export type ConsoleState =
  /** Not wanted now: the VM is off, or its server is away. */
  | { readonly kind: 'off' }
  | { readonly kind: 'connecting' }
  | { readonly kind: 'open' }
  /** It was open, and is opened again by itself. */
  | { readonly kind: 'reconnecting' }
  /** Waits for the operator. */
  | { readonly kind: 'failed'; readonly error: AppError }

export interface ConsoleLinkOptions {
  /** Whether there is something to connect to. */
  readonly wanted: () => boolean
  /** Opens it and resolves at its end; calls `opened` as soon as it works. Throws what it failed with. */
  readonly run: (signal: AbortSignal, opened: () => void) => Promise<void>
}

const FIRST_WAIT_MS = 400
const LAST_WAIT_MS = 5_000
/** So often in a row without once being open, and it is said. */
const MAX_FAILURES = 4
/** What another attempt does not mend. */
const FINAL = new Set([
  'refused',
  'displayMissing',
  'displayNeedsTls',
  'displayTaken',
  'serialMissing',
  'serialInUse',
  'tooManyTerminals',
  'vmNotFound',
  'libvirtDenied',
  'libvirtMissing',
  'protocolViolation',
  'internal',
  'passwordNeeded'
])

export function useConsoleLink({ wanted, run }: ConsoleLinkOptions): {
  readonly state: Ref<ConsoleState>
  /** Tries at once. */
  readonly retry: () => void
} {
  const state = shallowRef<ConsoleState>({ kind: 'off' })
  let life: AbortController | null = null

  function stop(): void {
    life?.abort()
    life = null
  }

  async function keep(signal: AbortSignal): Promise<void> {
    let waitMs = FIRST_WAIT_MS
    let failures = 0
    state.value = { kind: 'connecting' }
    while (!signal.aborted) {
      let wasOpen = false
      const failure = await attempt(run, signal, () => {
        wasOpen = true
        if (!signal.aborted) state.value = { kind: 'open' }
      })
      if (signal.aborted) return
      failures = wasOpen || failure === null ? 0 : failures + 1
      if (failure !== null && (FINAL.has(failure.code) || failures >= MAX_FAILURES)) {
        state.value = { kind: 'failed', error: failure }
        return
      }
      waitMs = wasOpen ? FIRST_WAIT_MS : Math.min(LAST_WAIT_MS, waitMs * 1.6)
      if (wasOpen || state.value.kind === 'reconnecting') state.value = { kind: 'reconnecting' }
      await new Promise((resolve) => setTimeout(resolve, waitMs))
    }
  }

  function start(): void {
    stop()
    if (!wanted()) {
      state.value = { kind: 'off' }
      return
    }
    life = new AbortController()
    void keep(life.signal)
  }

  watch(wanted, start, { immediate: true })
  onScopeDispose(stop)
  return { state, retry: start }
}

async function attempt(
  run: ConsoleLinkOptions['run'],
  signal: AbortSignal,
  opened: () => void
): Promise<AppError | null> {
  try {
    await run(signal, opened)
    return null
  } catch (error) {
    return error instanceof AppError ? error : new AppError('internal', { cause: error })
  }
}
