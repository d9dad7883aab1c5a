/**
 * What travels between a window and the engine. JSON-safe, except for `bytes` frames: those go as structured clone over
 * IPC and message ports, and as binary frames over a WebSocket (`encodeBytes`).
 *
 * An operation is opened by the client under an id of its own choice (never used twice on one port):
 * - call: `open` → `done` or `fail`
 * - stream: `open` → `next`; each further `next` only after an `ack` (credit 1); → `done` or `fail`
 * - task: `open` → `next {taskId}`, `next {progress}` each after an `ack` → `done` or `fail`; the task outlives the port
 * - channel: `open` → `bytes` both ways within the credit that the other side gave, `end` per direction → `done` or `fail`
 * `cancel` ends any of them from the client's side; nothing is sent for that id afterwards.
 */
import { z } from 'zod'
import { ErrorInfo } from './errors.ts'
import { TaskId } from './ids.ts'

const OperationId = z.int().min(1).max(0xffff_ffff)

/** Bytes each side may send before the other side grants more. */
export const INITIAL_CREDIT_BYTES = 256 * 1024
/** No single `bytes` frame is larger than this. */
export const MAX_CHUNK_BYTES = 64 * 1024
/** The reserved operation that follows a task that already runs: input {taskId, name}; frames as of a task. */
export const ATTACH = 'task.attach'

const Bytes = z.object({
  kind: z.literal('bytes'),
  id: OperationId,
  bytes: z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.byteLength <= MAX_CHUNK_BYTES)
})
const Credit = z.object({ kind: z.literal('credit'), id: OperationId, bytes: z.int().min(1) })
const End = z.object({ kind: z.literal('end'), id: OperationId })

export const ClientFrame = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('open'),
    id: OperationId,
    name: z.string().min(1).max(64),
    input: z.unknown()
  }),
  z.object({ kind: z.literal('ack'), id: OperationId }),
  z.object({ kind: z.literal('cancel'), id: OperationId }),
  Bytes,
  Credit,
  End
])
export type ClientFrame = z.infer<typeof ClientFrame>

export const ServerFrame = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('next'), id: OperationId, value: z.unknown() }),
  z.object({ kind: z.literal('done'), id: OperationId, value: z.unknown() }),
  z.object({ kind: z.literal('fail'), id: OperationId, error: ErrorInfo }),
  Bytes,
  Credit,
  End
])
export type ServerFrame = z.infer<typeof ServerFrame>

/** What a task's `next` frames carry. */
export const TaskEvent = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('started'), taskId: TaskId }),
  z.object({ kind: z.literal('progress'), progress: z.unknown() })
])
export type TaskEvent = z.infer<typeof TaskEvent>

export const AttachInput = z.object({ taskId: TaskId, name: z.string().max(64) })
export type AttachInput = z.input<typeof AttachInput>

/**
 * One end of a connection, whatever carries it. Messages are `unknown`: whoever receives them checks them.
 * A listener is set once. `onClose` also fires when this end closes.
 */
export interface RpcPort<Outgoing> {
  /** Never throws; dropped after close. */
  post(frame: Outgoing): void
  onMessage(listener: (message: unknown) => void): void
  onClose(listener: () => void): void
  /** Idempotent. */
  close(): void
}

const BYTES_HEADER = 4

/** A `bytes` frame as one binary message: the id (32 bits, big endian), then the bytes. */
export function encodeBytes(frame: { id: number; bytes: Uint8Array }): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(BYTES_HEADER + frame.bytes.byteLength)
  new DataView(message.buffer).setUint32(0, frame.id)
  message.set(frame.bytes, BYTES_HEADER)
  return message
}

/** The reverse of `encodeBytes`; null for a message that is too short. */
export function decodeBytes(message: Uint8Array): { kind: 'bytes'; id: number; bytes: Uint8Array } | null {
  if (message.byteLength < BYTES_HEADER) return null
  const id = new DataView(message.buffer, message.byteOffset, BYTES_HEADER).getUint32(0)
  return { kind: 'bytes', id, bytes: message.subarray(BYTES_HEADER) }
}
