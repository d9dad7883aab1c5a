/** A VM's configuration: read, planned, changed, taken back. */
import type { ChangeRequest, ChangeResult } from '#contract/configuration.ts'
import type { Handlers } from '#contract/define.ts'
import { AppError } from '#contract/errors.ts'
import type { VmRef } from '#contract/ids.ts'
import type { VirthelmContract } from '#contract/index.ts'
import { type JournalDeps, journalled, sessionOf, writableSessionOf } from '../operations/journal-row.ts'
import type { ServerDirectory } from '../servers/server-directory.ts'
import type { BlobStore } from '../storage.ts'
import type { ConfiguratorRequest, PreparedChange } from './machine-configurator.ts'
import { SavedConfigurations } from './saved-configurations.ts'

export interface ConfigurationDeps extends JournalDeps {
  readonly directory: ServerDirectory
  readonly blobs: BlobStore
}

type ConfigurationHandlers = Pick<
  Handlers<VirthelmContract>,
  Extract<keyof VirthelmContract, `configuration.${string}`>
>

const READ_DEADLINE_MS = 15_000
const CHANGE_DEADLINE_MS = 120_000
const within = (signal: AbortSignal, ms: number): AbortSignal =>
  AbortSignal.any([signal, AbortSignal.timeout(ms)])

export function configurationHandlers(deps: ConfigurationDeps): ConfigurationHandlers {
  const { directory } = deps
  const saved = new SavedConfigurations(deps.blobs)
  const configurator = ({ serverId }: VmRef) => sessionOf(directory.get(serverId)).configuration

  async function requestOf(request: ChangeRequest): Promise<ConfiguratorRequest> {
    const { change, vmUuid, seenName, scopes } = request
    const base = { uuid: vmUuid, seenName, scopes }
    if (change.kind !== 'restore') return { ...base, change }
    return { ...base, change: { kind: 'restore', xml: await saved.xml(request, change.savedId) } }
  }

  return {
    'configuration.read': (vm, { signal }) =>
      configurator(vm).read(vm.vmUuid, within(signal, READ_DEADLINE_MS)),
    'configuration.xml': (vm, { signal }) =>
      configurator(vm).xml(vm.vmUuid, within(signal, READ_DEADLINE_MS)),
    'configuration.plan': async (request, { signal }) => {
      const prepared = await configurator(request).prepare(
        await requestOf(request),
        within(signal, READ_DEADLINE_MS)
      )
      return prepared.plan
    },
    'configuration.change': async ({ acceptsPasswordLoss, ...request }, { signal }) => {
      const runtime = directory.get(request.serverId)
      const session = writableSessionOf(runtime)
      const deadline = within(signal, CHANGE_DEADLINE_MS)
      const prepared = await session.configuration.prepare(await requestOf(request), deadline)
      if (prepared.plan.mayLosePassword && !acceptsPasswordLoss)
        throw new AppError('passwordAtRisk', { params: { vmName: request.seenName } })
      if (prepared.plan.steps.length > 0) await keep(prepared, request)
      const { record } = runtime
      const vm = { uuid: request.vmUuid, name: request.seenName }
      return journalled<ChangeResult>(
        { action: `machine.change.${request.change.kind}`, record, vm },
        deps,
        (journal) => prepared.send(journal, deadline)
      )
    },
    'configuration.saved': (vm) => saved.list(vm),
    'configuration.savedXml': async ({ savedId, ...vm }, { signal }) => {
      const xml = await saved.xml(vm, savedId)
      const present = await configurator(vm).xml(vm.vmUuid, within(signal, READ_DEADLINE_MS))
      const lines = (text: string | null) =>
        text === null ? null : [...(configurator(vm).linesOf(text) ?? [])]
      return { xml, savedLines: lines(xml) ?? [], nextBootLines: lines(present.nextBoot) }
    }
  }

  /** Kept before anything is sent: a console that ends in between has it still. */
  async function keep({ nextBootXml }: PreparedChange, request: ChangeRequest): Promise<void> {
    if (nextBootXml === null) return
    await saved.save(request, { atMs: deps.clock.nowMs(), before: request.change.kind, xml: nextBootXml })
  }
}
