/** Records that wait on this computer's disk to be sent. Implemented by `platform/disk-queue.ts`. */

export interface QueuedRecord {
  readonly bytes: Uint8Array
  /** Samples in it, for the counts that the operator sees. */
  readonly samples: number
  /** Acknowledges this record and all before it. */
  readonly position: QueuePosition
}

export interface QueuePosition {
  readonly segment: number
  readonly offset: number
}

export interface QueueStats {
  /** On the disk, as far as they still have to be sent. */
  readonly bytes: number
  readonly samples: number
  /** Since it was opened: the oldest went to keep the limit, or their file could not be read any more. */
  readonly droppedSamples: number
}

/**
 * First in, first out, in files that outlive the console: `kill -9` loses nothing that `append` resolved for, a power cut
 * at most its end. A record may come twice after either (it was sent, but not yet acknowledged here), never out of order.
 */
export interface RecordQueue {
  /** The oldest records go where the limit demands it. Rejects when the disk is full. */
  append(bytes: Uint8Array, samples: number): Promise<void>
  /** The oldest records, at least one unless the queue is empty, together at most that many samples. */
  peek(maxSamples: number): Promise<readonly QueuedRecord[]>
  acknowledge(upTo: QueuePosition): Promise<void>
  setLimit(limitBytes: number): void
  readonly stats: QueueStats
  close(): Promise<void>
}

export interface RecordQueues {
  /** Opens or makes the queue of this name. What is torn or damaged in it is left out. */
  open(name: string, limitBytes: number): Promise<RecordQueue>
  /** Deletes all that a closed queue kept. */
  remove(name: string): Promise<void>
}
