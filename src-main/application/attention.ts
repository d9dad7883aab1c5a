/**
 * What wants the operator's eye right now: servers that are off, VMs that do not answer. Gives the tray its count and
 * says once, natively, that a server is gone for good (not when a cable was out for a moment).
 */
import type { ServerId } from '#contract/ids.ts'
import { sleepUnlessAborted, type Clock } from './clock.ts'
import type { Notifier } from './platform/platform.ts'
import { REBOOT_DEADLINE_MS } from './power/power.ts'
import type { ServerDirectory } from './servers/server-directory.ts'
import type { ServerRuntime } from './servers/server-runtime.ts'

const CHECK_EVERY_MS = 5_000
const GRACE_MS = 60_000

export interface AttentionDeps {
  readonly directory: ServerDirectory
  readonly notifier: Notifier
  readonly clock: Clock
  readonly onCount: (count: number) => void
}

/** Runs until the signal aborts. */
export async function watchAttention(deps: AttentionDeps, signal: AbortSignal): Promise<void> {
  const { directory, notifier, clock, onCount } = deps
  const told = new Set<ServerId>()
  let lastCount = -1
  while (!signal.aborted) {
    const { off, hung, allOff } = survey(directory, clock.nowMs())
    const count = off.length + hung
    if (count !== lastCount) onCount(count)
    lastCount = count
    for (const serverId of told)
      if (!off.some((server) => server.serverId === serverId)) told.delete(serverId)
    // Everything gone at once is the workstation's own network: the window says so, and no server is blamed.
    if (!allOff) {
      for (const { serverId, name, sinceAtMs } of off) {
        if (told.has(serverId) || clock.nowMs() - sinceAtMs < GRACE_MS) continue
        told.add(serverId)
        notifier.show({ title: name, body: 'No answer for a minute. Trying again.', urgent: true })
      }
    }
    await sleepUnlessAborted(clock, CHECK_EVERY_MS, signal)
  }
}

interface Survey {
  readonly off: readonly { serverId: ServerId; name: string; sinceAtMs: number }[]
  readonly hung: number
  readonly allOff: boolean
}

/** The operator switched it off: no news. A reboot is expected to be over after a while. */
function isExpected({ picture }: ServerRuntime, nowMs: number): boolean {
  const expected = picture.expectedOff.now
  return expected !== null && (expected.action !== 'reboot' || nowMs - expected.atMs < REBOOT_DEADLINE_MS)
}

function survey(directory: ServerDirectory, nowMs: number): Survey {
  const off: { serverId: ServerId; name: string; sinceAtMs: number }[] = []
  let hung = 0
  let online = 0
  for (const runtime of directory.runtimes()) {
    const { record, state } = runtime
    if (state.kind === 'online') online++
    if (state.kind === 'offline' && runtime.view().presence === 'OFF' && !isExpected(runtime, nowMs)) {
      off.push({ serverId: record.id, name: record.name, sinceAtMs: state.sinceAtMs })
    }
    if (state.kind !== 'online') continue
    for (const machine of runtime.machines.views()) if (machine.notRespondingSinceAtMs !== null) hung++
  }
  return { off, hung, allOff: online === 0 && off.length > 1 }
}
