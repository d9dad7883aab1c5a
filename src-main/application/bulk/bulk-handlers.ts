/** One action on many VMs: servers at the same time, a few VMs at once on each, every result by itself. */
import type { BulkItem, BulkTarget } from '#contract/bulk.ts'
import type { Handlers } from '#contract/define.ts'
import { AppError } from '#contract/errors.ts'
import type { ServerId } from '#contract/ids.ts'
import type { VirthelmContract } from '#contract/index.ts'
import type { MachineAction } from '#contract/vocabulary.ts'
import { errorInfoOf } from '../error-info.ts'
import { actDeadlineMs, actOnMachine } from '../machines/act.ts'
import type { JournalDeps } from '../operations/journal-row.ts'
import type { Log } from '../platform/platform.ts'
import type { ServerDirectory } from '../servers/server-directory.ts'

export interface BulkDeps extends JournalDeps {
  readonly directory: ServerDirectory
  readonly log: Log
}

type BulkHandlers = Pick<Handlers<VirthelmContract>, 'bulk.run'>

interface Place {
  readonly index: number
  readonly target: BulkTarget
}

export function bulkHandlers(deps: BulkDeps): BulkHandlers {
  return {
    async 'bulk.run'({ action, targets, perServer }, context) {
      const { signal } = context
      const items: BulkItem[] = targets.map((_target, index) => ({ index, state: 'skipped', error: null }))
      let ended = 0
      const report = (item: BulkItem): void => {
        items[item.index] = item
        if (item.state !== 'running') ended++
        context.progress({ items: [item], ended, total: targets.length })
      }
      const queues = byServer(targets)
      const work = async (queue: Place[]): Promise<void> => {
        for (let place = queue.shift(); place !== undefined && !signal.aborted; place = queue.shift()) {
          report({ index: place.index, state: 'running', error: null })
          report(await actOnOne(place, action, deps))
        }
      }
      await Promise.all(
        [...queues.values()].flatMap((queue) => Array.from({ length: perServer }, () => work(queue)))
      )
      // What was sent has ended by now; the rest was never begun.
      if (signal.aborted) throw new AppError('cancelled')
      return { items }
    }
  }
}

function byServer(targets: readonly BulkTarget[]): ReadonlyMap<ServerId, Place[]> {
  const queues = new Map<ServerId, Place[]>()
  const seen = new Set<string>()
  for (const [index, target] of targets.entries()) {
    const key = `${target.serverId}/${target.vmUuid}`
    if (seen.has(key)) throw new AppError('invalidInput', { params: { what: target.seenName } })
    seen.add(key)
    const queue = queues.get(target.serverId)
    if (queue === undefined) queues.set(target.serverId, [{ index, target }])
    else queue.push({ index, target })
  }
  return queues
}

async function actOnOne(
  { index, target: { serverId, vmUuid, seenName } }: Place,
  action: MachineAction,
  deps: BulkDeps
): Promise<BulkItem> {
  try {
    const runtime = deps.directory.get(serverId)
    // Its own deadline only: stopping the rest must not leave this one's outcome open.
    const outcome = await actOnMachine(
      { runtime, vmUuid, action, seenName },
      deps,
      AbortSignal.timeout(actDeadlineMs(action))
    )
    return { index, state: outcome, error: null }
  } catch (error) {
    return {
      index,
      state: 'failed',
      error: errorInfoOf(error, deps.log, 'bulk.failed', { serverId, vmUuid })
    }
  }
}
