import type { Clock } from '../../application/clock.ts'
import type { ShellChannel } from '../../application/servers/connection.ts'

/** How long the shell at the other end has to end virsh and itself. */
const GRACE_MS = 1_000

/** Ends the input first, so that the lane's shell sees it and kills virsh; then the channel. */
export function endChannel(channel: ShellChannel, clock: Clock): void {
  const grace = new AbortController()
  channel.end()
  // Rejects when the channel has closed by itself within the grace.
  const over = clock.sleep(GRACE_MS, grace.signal).catch(() => undefined)
  void Promise.race([channel.closed, over]).then(() => {
    grace.abort()
    channel.close()
  })
}
