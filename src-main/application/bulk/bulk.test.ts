import { beforeEach, describe, expect, it } from 'vitest'
import type { BulkItem, BulkProgress } from '#contract/bulk.ts'
import { AppError } from '#contract/errors.ts'
import type { ServerId } from '#contract/ids.ts'
import { draftOf, FakeWorld, listingOf, vmUuid } from '../../../test/fakes/directory.ts'
import { silentLog } from '../../../test/fakes/engine-parts.ts'
import type { ServerDirectory } from '../servers/server-directory.ts'
import { bulkHandlers } from './bulk-handlers.ts'

let world: FakeWorld
let directory: ServerDirectory
let ids: ServerId[]
let atOnce: Map<string, number>
let most: number

beforeEach(async () => {
  world = new FakeWorld()
  world.hypervisor.listings = [1, 2, 3, 4, 5].map((digit) => listingOf(digit))
  directory = world.open()
  ids = [await directory.add(draftOf('alpha'), undefined), await directory.add(draftOf('bravo'), undefined)]
  await world.clock.advance(11_000)
  atOnce = new Map()
  most = 0
})

const targets = () =>
  ids.flatMap((serverId) =>
    [1, 2, 3, 4, 5].map((digit) => ({ serverId, vmUuid: vmUuid(digit), seenName: `vm${digit}` }))
  )

function run(abort = new AbortController(), onItem: (item: BulkItem) => void = () => undefined) {
  const journal = world.storage.asStorage().journal
  const handlers = bulkHandlers({
    directory,
    log: silentLog,
    journal,
    clock: world.clock,
    onJournal: () => undefined
  })
  const all = targets()
  const last: BulkProgress[] = []
  const result = handlers['bulk.run'](
    { action: 'pause', targets: all, perServer: 2 },
    {
      signal: abort.signal,
      progress(progress) {
        last.push(progress)
        for (const item of progress.items) {
          const server = all[item.index]?.serverId ?? ''
          const running = (atOnce.get(server) ?? 0) + (item.state === 'running' ? 1 : -1)
          atOnce.set(server, running)
          most = Math.max(most, running)
          onItem(item)
        }
      }
    }
  )
  return { result, last }
}

describe('one action on many VMs', () => {
  it('runs servers at the same time, two VMs at once on each, every one a row of the journal', async () => {
    const { result, last } = run()
    const { items } = await result
    expect(items.map(({ state }) => state)).toEqual(Array.from({ length: 10 }, () => 'done'))
    expect(most).toBe(2)
    expect(last.at(-1)).toMatchObject({ ended: 10, total: 10 })
    expect(world.storage.journal).toHaveLength(10)
  })

  it('goes on when one fails, and says why', async () => {
    world.hypervisor.actError = new AppError('vmNotResponding')
    const { items } = await run(undefined, ({ index }) => {
      if (index === 3) world.hypervisor.actError = null
    }).result
    expect(items.filter(({ state }) => state === 'failed').map(({ error }) => error?.code)[0]).toBe(
      'vmNotResponding'
    )
    expect(items.some(({ state }) => state === 'done')).toBe(true)
    expect(items.every(({ state }) => state === 'done' || state === 'failed')).toBe(true)
  })

  it('starts no more when it is stopped, and waits for what was sent', async () => {
    const abort = new AbortController()
    const states = new Map<number, string>()
    const { result } = run(abort, ({ index, state }) => {
      states.set(index, state)
      if (state === 'done') abort.abort()
    })
    await expect(result).rejects.toMatchObject({ code: 'cancelled' })
    expect([...states.values()]).not.toContain('running')
    expect(states.size).toBeLessThan(10)
    expect(world.hypervisor.acts).toHaveLength(states.size)
  })

  it('refuses what a look-only server is asked, and acts on the other', async () => {
    await directory.edit(ids[0] as ServerId, { ...draftOf('alpha'), lookOnly: true }, undefined)
    await world.clock.advance(11_000)
    const { items } = await run().result
    expect(items.slice(0, 5).map(({ error }) => error?.code)).toEqual(
      Array.from({ length: 5 }, () => 'refused')
    )
    expect(items.slice(5).map(({ state }) => state)).toEqual(Array.from({ length: 5 }, () => 'done'))
  })
})
