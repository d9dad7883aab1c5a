/** The session's one virsh lane: opened when it is needed, replaced when it died, its failures put into codes. */
import { AppError } from '#contract/errors.ts'
import { type FailureKind, failureKindOf, isConnectionFailure } from '../../domain/libvirt/failure-words.ts'
import type { Clock } from '../../application/clock.ts'
import type { Connection } from '../../application/servers/connection.ts'
import { type CallOptions, openVirshLane, type VirshAnswer, type VirshLane } from './virsh-lane.ts'

export interface LaneHolder {
  /**
   * As `VirshLane.call`. Failures of the connection to libvirtd come as libvirtDaemonDown, libvirtDenied or
   * libvirtMissing; failures of single commands stay in their answers.
   */
  call(commands: readonly string[], options: CallOptions): Promise<readonly VirshAnswer[]>
  close(): void
}

export function createLaneHolder(connection: Connection, uri: string, clock: Clock): LaneHolder {
  let opening: Promise<VirshLane> | null = null
  let closed = false

  async function laneFor(signal: AbortSignal): Promise<VirshLane> {
    const current = await opening
    if (current?.isOpen) return current
    if (closed) throw new AppError('disconnected')
    const attempt = openVirshLane(connection, uri, clock, signal)
    opening = attempt
    try {
      const lane = await attempt
      if (closed) lane.close()
      return lane
    } catch (error) {
      opening = null
      throw error
    }
  }

  return {
    async call(commands, options) {
      try {
        const lane = await laneFor(options.signal)
        const answers = await lane.call(commands, options)
        for (const { error } of answers) throwOnConnectionFailure(error)
        return answers
      } catch (error) {
        if (error instanceof AppError && error.code === 'disconnected')
          throwOnConnectionFailure(String(error.params.stderr ?? ''))
        throw error
      }
    },
    close() {
      closed = true
      void opening?.then(
        (lane) => lane.close(),
        () => undefined
      )
    }
  }
}

/** The AppError for words of virsh about its connection to libvirtd, or null when they are about something else. */
export function connectionFailureOf(stderr: string): AppError | null {
  const kind = failureKindOf(stderr)
  return isConnectionFailure(kind)
    ? new AppError(CODES[kind], { params: { stderr: stderr.slice(0, 1000) } })
    : null
}

const CODES = {
  virshMissing: 'libvirtMissing',
  driverMissing: 'libvirtMissing',
  daemonDown: 'libvirtDaemonDown',
  denied: 'libvirtDenied'
} as const satisfies Partial<Record<FailureKind, AppError['code']>>

function throwOnConnectionFailure(stderr: string): void {
  const failure = connectionFailureOf(stderr)
  if (failure !== null) throw failure
}
