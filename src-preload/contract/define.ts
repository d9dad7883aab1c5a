/**
 * How a contract is written: name → call | stream | task | channel, with zod schemas. Handler and client types are
 * inferred from it, so that a missing handler does not compile. No code generation: "find references" works.
 */
import type { z } from 'zod'

/** One question, one answer. */
export interface Call<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> {
  readonly type: 'call'
  readonly input: I
  readonly output: O
}

/**
 * Values over time, with credit 1: the next value is pulled only after the client has taken the last one.
 * `latest`: what happened in between is merged or dropped by the source. `all`: nothing is dropped; the source queues
 * up to a cap and then fails with `overflow`.
 */
export interface Stream<I extends z.ZodType = z.ZodType, E extends z.ZodType = z.ZodType> {
  readonly type: 'stream'
  readonly input: I
  readonly event: E
  readonly mode: 'latest' | 'all'
}

/** A long job with an id: it outlives the window, reports progress, can be cancelled and attached to again. */
export interface Task<
  I extends z.ZodType = z.ZodType,
  P extends z.ZodType = z.ZodType,
  O extends z.ZodType = z.ZodType
> {
  readonly type: 'task'
  readonly input: I
  readonly progress: P
  readonly output: O
}

/** Bytes both ways with flow control. */
export interface Channel<I extends z.ZodType = z.ZodType> {
  readonly type: 'channel'
  readonly input: I
}

export type Operation = Call | Stream | Task | Channel
export type Contract = Readonly<Record<string, Operation>>

export const call = <I extends z.ZodType, O extends z.ZodType>(input: I, output: O): Call<I, O> => ({
  type: 'call',
  input,
  output
})
export const stream = <I extends z.ZodType, E extends z.ZodType>(
  input: I,
  event: E,
  mode: 'latest' | 'all'
): Stream<I, E> => ({ type: 'stream', input, event, mode })
export const task = <I extends z.ZodType, P extends z.ZodType, O extends z.ZodType>(
  input: I,
  progress: P,
  output: O
): Task<I, P, O> => ({ type: 'task', input, progress, output })
export const channel = <I extends z.ZodType>(input: I): Channel<I> => ({ type: 'channel', input })

export type NamesOf<C extends Contract, T extends Operation['type']> = {
  [N in keyof C & string]: C[N]['type'] extends T ? N : never
}[keyof C & string]

/** Parsed input, as a handler gets it. */
export type InputOf<O extends Operation> = z.output<O['input']>
/** Input as a client may write it (defaults may be left out). */
export type InputForOf<O extends Operation> = z.input<O['input']>
export type OutputOf<O> = O extends { readonly output: infer S extends z.ZodType } ? z.output<S> : never
export type EventOf<O> = O extends { readonly event: infer S extends z.ZodType } ? z.output<S> : never
export type ProgressOf<O> = O extends { readonly progress: infer S extends z.ZodType } ? z.output<S> : never

/** The two ends of a byte channel look alike. */
export interface ByteDuplex {
  /** Bytes from the other end, until it ends. Reading slowly slows the other end. */
  readonly incoming: AsyncIterable<Uint8Array>
  /** Resolves when the other end has room for more. Rejects once the channel is closed. */
  write(bytes: Uint8Array): Promise<void>
  /** No more bytes from this end. */
  end(): void
}

/** The platform's AbortSignal; the contract itself compiles without DOM and Node types. */
export type Signal = typeof globalThis extends { AbortSignal: { prototype: infer T } }
  ? T
  : { readonly aborted: boolean }

export interface HandlerContext {
  /** Aborted when the client cancels, its window closes or the console ends. */
  readonly signal: Signal
}

export type HandlerOf<O extends Operation> = O extends Call
  ? (input: InputOf<O>, context: HandlerContext) => Promise<OutputOf<O>>
  : O extends Stream
    ? (input: InputOf<O>, context: HandlerContext) => AsyncIterable<EventOf<O>>
    : O extends Task
      ? (
          input: InputOf<O>,
          context: HandlerContext & { progress(progress: ProgressOf<O>): void }
        ) => Promise<OutputOf<O>>
      : O extends Channel
        ? (input: InputOf<O>, context: HandlerContext, bytes: ByteDuplex) => Promise<void>
        : never

export type Handlers<C extends Contract> = { readonly [N in keyof C]: HandlerOf<C[N]> }
