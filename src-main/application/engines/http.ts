/** One request to an outside engine. Implemented by `remote/engines/http-client.ts`. */

export interface EngineRequest {
  readonly method: 'GET' | 'POST'
  /** http or https, without a login inside. */
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** For all of it, from the name to the last byte of the answer. */
  readonly deadlineMs: number
  /** Of the answer's body; of a longer one `outputTooLarge` is thrown. */
  readonly maxAnswerBytes: number
  readonly signal: AbortSignal
  /** Called when a stage is passed; for a test. */
  readonly onStage?: (stage: 'resolve' | 'connect' | 'tls') => void
}

/** Any status; a redirect is an answer too and never followed. */
export interface EngineAnswer {
  readonly status: number
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

export interface EngineHttp {
  /**
   * Throws AppError: addressNotFound, addressTimeout, connectionRefused, connectTimeout, networkUnreachable,
   * connectionClosed, tlsFailed, deadlineExceeded, outputTooLarge, protocolViolation, cancelled.
   */
  request(request: EngineRequest): Promise<EngineAnswer>
  /** Closes idle connections. */
  close(): void
}
