/** What the window can ask about clones and templates. */
import type { Handlers } from '#contract/define.ts'
import type { VirthelmContract } from '#contract/index.ts'
import { type JournalDeps, journalled, sessionOf, writableSessionOf } from '../operations/journal-row.ts'
import type { ServerDirectory } from '../servers/server-directory.ts'
import { isActive } from '../../domain/libvirt/domain-state.ts'
import { clonePlanOf } from './clone-rules.ts'
import { makeClone } from './clone-work.ts'

const READ_DEADLINE_MS = 30_000

export interface CloneHandlerDeps extends JournalDeps {
  readonly directory: ServerDirectory
}

type CloneHandlers = Pick<Handlers<VirthelmContract>, Extract<keyof VirthelmContract, `clones.${string}`>>

export function cloneHandlers(deps: CloneHandlerDeps): CloneHandlers {
  const bounded = (signal: AbortSignal): AbortSignal =>
    AbortSignal.any([signal, AbortSignal.timeout(READ_DEADLINE_MS)])
  return {
    'clones.plan': async ({ serverId, vmUuid }, { signal }) => {
      const { clones } = sessionOf(deps.directory.get(serverId))
      return clonePlanOf(await clones.read({ uuid: vmUuid, seenName: null }, bounded(signal)))
    },
    'clones.make': async (request, context) => {
      const runtime = deps.directory.get(request.serverId)
      const { clones: host } = writableSessionOf(runtime)
      const vm = { uuid: request.vmUuid, name: request.seenName }
      return journalled({ action: 'machine.clone', record: runtime.record, vm }, deps, (journal) =>
        makeClone(
          {
            host,
            journal,
            clock: deps.clock,
            signal: context.signal,
            progress: (progress) => context.progress(progress)
          },
          request
        )
      )
    },
    'clones.setTemplate': async ({ serverId, vmUuid, seenName, template }, { signal }) => {
      const runtime = deps.directory.get(serverId)
      const { clones: host } = writableSessionOf(runtime)
      const vm = { uuid: vmUuid, name: seenName }
      const action = template ? 'machine.markTemplate' : 'machine.unmarkTemplate'
      await journalled({ action, record: runtime.record, vm }, deps, async (journal) => {
        const source = await host.read({ uuid: vmUuid, seenName }, bounded(signal))
        const isLive = isActive(source.state)
        await host.setMarks({ uuid: vmUuid, isLive }, { ...source.marks, template }, journal, bounded(signal))
      })
      return null
    }
  }
}
