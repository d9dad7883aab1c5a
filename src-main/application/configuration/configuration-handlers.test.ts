import { beforeEach, describe, expect, it } from 'vitest'
import type { ServerId } from '#contract/ids.ts'
import { draftOf, FakeWorld, listingOf, vmUuid } from '../../../test/fakes/directory.ts'
import type { ServerDirectory } from '../servers/server-directory.ts'
import { configurationHandlers } from './configuration-handlers.ts'
import type { MachineConfigurator } from './machine-configurator.ts'

/** Plans one step for everything, and keeps what was sent. */
function fakeConfigurator(mayLosePassword = false) {
  const sent: string[] = []
  const configurator: MachineConfigurator = {
    read: async () => ({ live: null, nextBoot: null, needsShutdown: false }),
    xml: async () => ({ live: null, nextBoot: null, liveLines: null, nextBootLines: null }),
    linesOf: (xml) => [xml],
    prepare: async ({ change }) => ({
      plan: {
        steps: [{ scope: 'nextBoot', command: 'virsh x' }],
        refusals: [],
        filesLeft: [],
        mayLosePassword
      },
      nextBootXml: `<before-${change.kind}/>`,
      async send(journal) {
        await journal.beforeSend(`virsh ${change.kind === 'restore' ? change.xml : change.kind}`)
        sent.push(change.kind)
        await journal.afterSend({ exitCode: 0, stderr: '', durationMs: 1 })
        return { live: null, nextBoot: { done: true, error: null } }
      }
    })
  }
  return { configurator, sent }
}

let world: FakeWorld
let directory: ServerDirectory

beforeEach(() => {
  world = new FakeWorld()
  world.hypervisor.listings = [listingOf(1)]
})

async function open(options: { lookOnly?: boolean; mayLosePassword?: boolean } = {}) {
  const { configurator, sent } = fakeConfigurator(options.mayLosePassword)
  world.hypervisor.configuration = configurator
  directory = world.open()
  const draft = { ...draftOf(), lookOnly: options.lookOnly ?? false }
  const serverId: ServerId = await directory.add(draft, undefined)
  await world.clock.advance(1_000)
  const { blobs, journal } = world.storage.asStorage()
  const handlers = configurationHandlers({
    directory,
    blobs,
    journal,
    clock: world.clock,
    onJournal: () => undefined
  })
  const context = { signal: new AbortController().signal }
  const vm = { serverId, vmUuid: vmUuid(1) }
  const change = (
    what: Parameters<(typeof handlers)['configuration.change']>[0]['change'],
    acceptsPasswordLoss = false
  ) =>
    handlers['configuration.change'](
      { ...vm, seenName: 'vm1', change: what, scopes: ['nextBoot'], acceptsPasswordLoss },
      context
    )
  return { sent, change, saved: () => handlers['configuration.saved'](vm, context) }
}

describe('a change of a configuration', () => {
  it('is refused on a look-only server before anything is sent, saved or journalled', async () => {
    const { change, sent, saved } = await open({ lookOnly: true })
    await expect(change({ kind: 'tags', tags: [] })).rejects.toMatchObject({
      code: 'refused',
      params: { what: 'lookOnly' }
    })
    expect([sent, await saved(), world.storage.journal]).toEqual([[], [], []])
  })

  it('is sent after the definition before it was saved, and can be taken back by it', async () => {
    const { change, saved, sent } = await open()
    await change({ kind: 'vcpus', count: 1, max: 1 })
    expect(await saved()).toMatchObject([{ id: 1, before: 'vcpus' }])
    await change({ kind: 'restore', savedId: 1 })
    expect(sent).toEqual(['vcpus', 'restore'])
    expect(world.storage.journal.map(({ command, outcome }) => [command, outcome])).toEqual([
      ['virsh vcpus', 'done'],
      ['virsh <before-vcpus/>', 'done']
    ])
    await expect(change({ kind: 'restore', savedId: 9 })).rejects.toMatchObject({ code: 'notFound' })
  })

  it('that could lose a password waits for the operator’s word', async () => {
    const { change, sent, saved } = await open({ mayLosePassword: true })
    await expect(change({ kind: 'xml', xml: '<domain/>' })).rejects.toMatchObject({ code: 'passwordAtRisk' })
    expect([sent, await saved()]).toEqual([[], []])
    await change({ kind: 'xml', xml: '<domain/>' }, true)
    expect(sent).toEqual(['xml'])
  })
})
