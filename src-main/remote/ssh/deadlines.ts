/** How long each stage of an attempt may take, in milliseconds. */
export interface Deadlines {
  readonly resolveMs: number
  readonly connectMs: number
  /** First byte to the end of the key exchange. */
  readonly handshakeMs: number
  /** Without the time that the operator, the agent and the key worker take. */
  readonly loginMs: number
  /** For an agent to list its keys. */
  readonly agentMs: number
  /** For one of the few places at one sshd or jump. */
  readonly turnMs: number
  readonly keepaliveIntervalMs: number
  readonly keepaliveMisses: number
  /** An unused jump connection is kept this long for the next server behind it. */
  readonly jumpLingerMs: number
}

/** 3 s × 2: a frozen link is noticed at most 9 s after its last byte. */
export const defaultDeadlines: Deadlines = {
  resolveMs: 5_000,
  connectMs: 10_000,
  handshakeMs: 10_000,
  loginMs: 20_000,
  agentMs: 3_000,
  turnMs: 45_000,
  keepaliveIntervalMs: 3_000,
  keepaliveMisses: 2,
  jumpLingerMs: 10_000
}
