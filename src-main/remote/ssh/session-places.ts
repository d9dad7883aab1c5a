/** Who gets the few session channels of a connection, so that a short act never waits behind what lasts. */
import { WaitingLine, type WaitOptions } from './waiting-line.ts'

/**
 * lane: stands as long as the connection. job: lasts as long as its bytes (an upload, a copy, a move). terminal: as long as
 * the operator looks at it. run: a script that is over in a moment.
 */
export type SessionKind = 'lane' | 'job' | 'terminal' | 'run'

/** sshd's MaxSessions. Forwards do not count. */
const ALL = 10
/** Sampler, mounts, telemetry scripts, virsh, virsh's events. */
const LANES = 5
/** Kept for runs, whatever else is open. */
const RUNS = 1
const SHARED = ALL - LANES - RUNS
export const MAX_TERMINALS = 3
/** One terminal can be opened beside any number of jobs. */
const MAX_JOBS = SHARED - 1

/** Jobs and terminals share what lanes and runs do not need; runs may use what is free of it. */
export class SessionPlaces {
  readonly #open: Record<SessionKind, number> = { lane: 0, job: 0, terminal: 0, run: 0 }
  readonly #line = new WaitingLine<SessionKind>({
    mayEnter: (kind) => this.#mayOpen(kind),
    entered: (kind) => void this.#open[kind]++,
    left: (kind) => void this.#open[kind]--
  })

  /** Another terminal would have to wait for something that lasts. */
  get terminalsAreFull(): boolean {
    const { terminal, job } = this.#open
    return terminal >= MAX_TERMINALS || terminal + job >= SHARED
  }

  /**
   * Resolves with the function that gives the place back (idempotent). Those of one kind wait in order.
   * @throws what `onDeadline` makes, or cancelled
   */
  acquire(kind: SessionKind, options: WaitOptions): Promise<() => void> {
    return this.#line.enter(kind, options)
  }

  #mayOpen(kind: SessionKind): boolean {
    const { lane, job, terminal, run } = this.#open
    if (kind === 'lane' && lane < LANES) return true
    if (kind === 'run' && run < RUNS) return true
    if (kind === 'job' && (job >= MAX_JOBS || terminal + job >= SHARED)) return false
    if (kind === 'terminal' && this.terminalsAreFull) return false
    return Math.max(lane, LANES) + Math.max(run, RUNS) + job + terminal < ALL
  }
}
