/** Knocks at the ports of one server from one origin, and says what the answers mean as a whole. */
import { AppError } from '#contract/errors.ts'
import type { PortResult, ScanProblem } from '#contract/ports.ts'
import type { ScanOrigin } from '#contract/vocabulary.ts'
import { isSilent, portChanges, type ScannedPort } from '../../domain/ports/scan-changes.ts'
import type { Clock } from '../clock.ts'
import type { Probed } from './port-access.ts'
import { scanPorts, type ScanPace } from './scan-ports.ts'

export interface ScanProgress {
  readonly origin: ScanOrigin
  readonly done: number
  readonly total: number
  readonly open: number
}

/** sshd makes each attempt itself, and logs those that fail. */
const PACE: Readonly<Record<ScanOrigin, ScanPace>> = {
  direct: { atOnce: 64, spacingMs: 4 },
  ssh: { atOnce: 32, spacingMs: 4 }
}
/** Asked one after the other first: a server that forwards nothing shall not be asked two thousand times. */
const FORWARDING_TRIES = 3
/** Changed ports that are knocked at a second time before the change is told. */
const MAX_CONFIRMED = 64
export const FORWARDING_FIX =
  "printf 'AllowTcpForwarding local\\n' | sudo tee /etc/ssh/sshd_config.d/00-forwarding.conf && sudo systemctl reload ssh"

export interface KnockWork {
  readonly ports: readonly number[]
  readonly origin: ScanOrigin
  /** How each port was last seen. */
  readonly known: readonly ScannedPort[]
  readonly probe: (port: number) => Promise<Probed>
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly onProgress: (progress: ScanProgress) => void
}

/** Ports that answer otherwise than before are knocked at a second time. */
export async function knock({
  ports,
  origin,
  known,
  probe,
  clock,
  signal,
  onProgress
}: KnockWork): Promise<{ ports: PortResult[]; problem: ScanProblem | null }> {
  if (origin === 'ssh' && !(await forwards(ports, probe)))
    return { ports: [], problem: { kind: 'forwardingOff', fix: FORWARDING_FIX } }
  let done = 0
  let open = 0
  const work = { pace: PACE[origin], clock, signal, probe: origin === 'direct' ? probe : forgiving(probe) }
  const results = await scanPorts({
    ...work,
    ports,
    onResult: ({ state }) => {
      done++
      if (state === 'open') open++
      onProgress({ origin, done, total: ports.length, open })
    }
  })
  if (isSilent(known, results)) return { ports: results, problem: { kind: 'hostSilent', fix: null } }
  const changed = portChanges(known, results).slice(0, MAX_CONFIRMED)
  if (changed.length === 0) return { ports: results, problem: null }
  const again = await scanPorts({
    ...work,
    ports: changed.map(({ port }) => port),
    onResult: () => undefined
  })
  const newest = new Map(again.map((result) => [result.port, result]))
  return { ports: results.map((result) => newest.get(result.port) ?? result), problem: null }
}

const isProhibited = (error: unknown): boolean =>
  error instanceof AppError && error.code === 'forwardFailed' && error.params['refusal'] === 'prohibited'

/** False when sshd refuses to open any way at all. */
async function forwards(
  ports: readonly number[],
  probe: (port: number) => Promise<Probed>
): Promise<boolean> {
  for (const port of ports.slice(0, FORWARDING_TRIES)) {
    try {
      await probe(port)
      return true
    } catch (error) {
      if (!isProhibited(error)) throw error
    }
  }
  return ports.length === 0
}

/** Single ports that sshd may not connect to (PermitOpen) are an answer of theirs. */
function forgiving(probe: (port: number) => Promise<Probed>): (port: number) => Promise<Probed> {
  return async (port) => {
    try {
      return await probe(port)
    } catch (error) {
      if (!isProhibited(error)) throw error
      return { state: 'filtered', reason: 'localRefusal', answerMs: null }
    }
  }
}
