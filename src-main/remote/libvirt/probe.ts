/** What a server's libvirt lets this login do. */
import { AppError } from '#contract/errors.ts'
import type { Capability } from '#contract/servers.ts'
import type { Connection } from '../../application/servers/connection.ts'
import { connectionFailureOf } from './lane-holder.ts'
import { PROBE_MARK, probeScript } from './virsh-scripts.ts'

export interface Probe {
  readonly libvirtVersion: string | null
  readonly hypervisorVersion: string | null
  readonly canWrite: boolean
}

const DEADLINE_MS = 8_000
const MAX_BYTES = 64 * 1024
const MAX_VERSION_CHARS = 100

/** Lines for the operator to copy. Constants: nothing of the server is ever in them. */
const FIX = {
  install: 'sudo apt-get install -y libvirt-daemon-system libvirt-clients',
  join: 'sudo usermod -aG libvirt "$USER"',
  startDaemon: 'sudo systemctl enable --now libvirtd.socket || sudo systemctl enable --now virtqemud.socket'
} as const

/** @throws AppError libvirtMissing, libvirtDenied, libvirtDaemonDown, libvirtFailed, and those of `Connection.run` */
export async function probeLibvirt(connection: Connection, uri: string, signal: AbortSignal): Promise<Probe> {
  const stdout = await runProbe(connection, uri, signal)
  const parts = new RegExp(
    `^${PROBE_MARK} read\\n(.*)^${PROBE_MARK} write (\\d+)\\n(.*)^${PROBE_MARK} end (\\d+)$`,
    'ms'
  ).exec(stdout)
  if (parts === null) {
    if (stdout.includes(`${PROBE_MARK} missing`)) throw new AppError('libvirtMissing')
    throw new AppError('protocolViolation', { params: { subject: 'probe' } })
  }
  const [, read = '', readExit, , writeExit] = parts
  if (readExit !== '0')
    throw (
      connectionFailureOf(read) ??
      new AppError('libvirtFailed', { params: { stderr: read.trim().slice(0, 1000) } })
    )
  return {
    libvirtVersion: versionOf(read, /^Using library: libvirt (.+)$/m),
    hypervisorVersion: versionOf(read, /^Running hypervisor: (.+)$/m),
    canWrite: writeExit === '0'
  }
}

async function runProbe(connection: Connection, uri: string, signal: AbortSignal): Promise<string> {
  try {
    const result = await connection.run(probeScript(uri), {
      signal,
      deadlineMs: DEADLINE_MS,
      maxBytes: MAX_BYTES
    })
    return result.stdout
  } catch (error) {
    // The link is alive, so it is libvirtd that takes the connection and does not answer.
    if (error instanceof AppError && error.code === 'deadlineExceeded')
      throw new AppError('libvirtDaemonDown', { params: { stderr: '' }, retryable: true, cause: error })
    throw error
  }
}

const versionOf = (text: string, pattern: RegExp): string | null =>
  pattern.exec(text)?.[1]?.slice(0, MAX_VERSION_CHARS) ?? null

const WORKS = { works: true, cause: null, fix: null } as const

export function capabilitiesOfProbe(probe: Probe): readonly Capability[] {
  return [
    { id: 'libvirt', ...WORKS },
    probe.canWrite
      ? { id: 'libvirtWrite', ...WORKS }
      : { id: 'libvirtWrite', works: false, cause: 'permissionDenied', fix: FIX.join }
  ]
}

/** The entries that a failure of `open` means; an unknown failure is `unreadable`. */
export function capabilitiesOfFailure(error: unknown): readonly Capability[] {
  const { cause, fix } = failureOf(error)
  return [
    { id: 'libvirt', works: false, cause, fix },
    { id: 'libvirtWrite', works: false, cause, fix }
  ]
}

function failureOf(error: unknown): Pick<Capability, 'cause' | 'fix'> {
  switch (error instanceof AppError ? error.code : null) {
    case 'libvirtMissing':
      return { cause: 'toolMissing', fix: FIX.install }
    case 'libvirtDenied':
      return { cause: 'permissionDenied', fix: FIX.join }
    case 'libvirtDaemonDown':
      return { cause: 'daemonDown', fix: FIX.startDaemon }
    case 'deadlineExceeded':
      return { cause: 'stalled', fix: null }
    default:
      return { cause: 'unreadable', fix: null }
  }
}
