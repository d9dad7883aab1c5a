/** A window's client whose answers a test scripts, one operation at a time; every question is kept. */
import { ref } from 'vue'
import type { Rpc } from '../../src-renderer/app/rpc-provider.ts'

type Answer = (
  input: never,
  options: { signal?: AbortSignal; onProgress?: (value: never) => void }
) => unknown

export interface StubRpc {
  readonly rpc: Rpc
  readonly asked: { readonly name: string; readonly input: never; readonly signal: AbortSignal | undefined }[]
  /** Inputs of one operation, in order. */
  inputsOf(name: string): never[]
  /** As after a reconnect. */
  reconnect(): void
}

/** Values that the test pushes; ends with the signal. */
export function pushStream<T>(): {
  stream: (input: never, options: { signal?: AbortSignal }) => AsyncIterable<T>
  push(value: T): void
} {
  const waiting: T[] = []
  let wake: () => void = () => undefined
  return {
    push(value) {
      waiting.push(value)
      wake()
    },
    async *stream(_input, { signal }) {
      signal?.addEventListener('abort', () => wake())
      while (signal?.aborted !== true) {
        const value = waiting.shift()
        if (value !== undefined) yield value
        else await new Promise<void>((resolve) => (wake = resolve))
      }
    }
  }
}

/** Streams without a script stay silent; calls and tasks without one fail the test. */
export function stubRpc(answers: Record<string, Answer>): StubRpc {
  const asked: StubRpc['asked'] = []
  const generation = ref(1)
  const answer = (name: string, input: unknown, options: object = {}): unknown => {
    asked.push({ name, input: input as never, signal: (options as { signal?: AbortSignal }).signal })
    const scripted = answers[name]
    if (scripted === undefined) throw new Error(`no answer scripted for ${name}`)
    return scripted(input as never, options)
  }
  const rpc = {
    link: ref('connected'),
    generation,
    connected: ref(true),
    call: async (name: string, input: unknown, options?: object) => answer(name, input, options),
    stream: (name: string, input: unknown, options?: object) =>
      name in answers ? answer(name, input, options) : pushStream().stream(undefined as never, options ?? {}),
    task: (name: string, input: unknown, options?: object) => ({
      taskId: Promise.resolve('task'),
      result: (async () => answer(name, input, options))()
    }),
    connectNow: () => undefined,
    stop: () => undefined
  }
  return {
    rpc: rpc as unknown as Rpc,
    asked,
    inputsOf: (name) => asked.filter((question) => question.name === name).map((question) => question.input),
    reconnect: () => (generation.value += 1)
  }
}
