import { beforeEach, describe, expect, it } from 'vitest'
import { AppError } from '#contract/errors.ts'
import type { EditId, ServerId } from '#contract/ids.ts'
import { ServerChange, serverEditsContract } from '#contract/server-edits.ts'
import type { ServerView } from '#contract/servers.ts'
import { draftOf, FakeWorld } from '../../../test/fakes/directory.ts'
import { settle } from '../../../test/fakes/engine-parts.ts'
import { createSnapshotFeed, type FeedEvent } from '../streams.ts'
import type { ServerDirectory } from './server-directory.ts'

let world: FakeWorld
let directory: ServerDirectory
let ids: ServerId[]

async function addServers(count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    ids.push(
      await directory.add({ ...draftOf(`kvm-${index}`), location: 'Office', tags: ['old'] }, undefined)
    )
  }
  await settle()
}
beforeEach(() => {
  world = new FakeWorld()
  directory = world.open()
  ids = []
})
const record = (serverId: ServerId | undefined) => directory.get(serverId as ServerId).record
const logins = () => world.connector.requests.length

describe('an edit of many servers', () => {
  it('changes what it names in one transaction, leaves the rest, and drops no connection', async () => {
    await addServers(100)
    const note = {
      ...draftOf('kvm-7'),
      location: 'Office',
      tags: ['gpu', 'old'],
      note: 'mine',
      lookOnly: true
    }
    await directory.edit(ids[7] as ServerId, note, undefined)
    const before = { logins: logins(), transactions: world.storage.updates.length }
    const result = await directory.editMany(ids, {
      location: 'Rack 4',
      addTags: ['prod', 'gpu'],
      removeTags: ['old'],
      intervalMs: 10_000
    })
    expect(result).toMatchObject({ changed: 100, unchanged: 0, gone: 0 })
    expect(record(ids[0])).toMatchObject({ location: 'Rack 4', tags: ['prod', 'gpu'], intervalMs: 10_000 })
    expect(record(ids[7])).toMatchObject({ tags: ['gpu', 'prod'], note: 'mine', lookOnly: true })
    expect(world.storage.stored.map((server) => server.record)).toEqual(ids.map(record))
    expect(world.storage.updates.slice(before.transactions)).toEqual([100])
    expect(logins()).toBe(before.logins)
    expect(ids.every((id) => directory.get(id).view().connection.kind === 'online')).toBe(true)
    expect(world.marks.filter(({ event }) => event.kind === 'collectingStopped')).toEqual([])
  })

  it('is one revision for whoever watches, also when connections begin and end by it', async () => {
    await addServers(100)
    const feed = createSnapshotFeed<ServerView>({
      ids: () => ids,
      read: (id) => directory.find(id as ServerId)?.view()
    })
    world.serverTouched = (serverId) => feed.touch(serverId)
    const watching = feed.watch(new AbortController().signal)[Symbol.asyncIterator]()
    const next = async () => (await watching.next()).value as FeedEvent<ServerView>
    await next()
    await directory.editMany(ids, { addTags: ['prod'] })
    const edited = await next()
    expect(edited).toMatchObject({ kind: 'change', revision: 2 })
    expect(edited.kind === 'change' && edited.changed.length).toBe(100)

    // Some have nothing to stop: they are not told of before the others.
    for (const id of ids.slice(0, 10)) await directory.setCollecting(id, false)
    await next()
    const waiting = next()
    await directory.editMany(ids, { collecting: false, location: 'Rack 4' })
    const stopped = await waiting
    expect(
      stopped.kind === 'change' && stopped.changed.filter((view) => view.record.location === 'Rack 4')
    ).toHaveLength(100)
    expect(ids.map((id) => directory.get(id).view().connection.kind)).toEqual(ids.map(() => 'stopped'))
    await directory.removeMany(ids, false)
    await next()
    expect(directory.runtimes()).toEqual([])
  })

  it('refuses more tags than fit by name, and changes nothing then', async () => {
    await addServers(12)
    const full = Array.from({ length: 16 }, (_unused, index) => `t${index}`)
    for (const id of ids.slice(1)) {
      await directory.edit(id, { ...record(id), tags: full, name: record(id).name }, undefined)
    }
    const before = ids.map(record)
    const refused = directory.editMany(ids, { location: 'Rack 4', addTags: ['prod'] })
    await expect(refused).rejects.toMatchObject({
      code: 'refused',
      params: {
        what: 'tooManyTags',
        count: 11,
        most: 16,
        names: expect.stringMatching(/^kvm-1, kvm-2, .*, …$/)
      }
    })
    expect(ids.map(record)).toEqual(before)
    // With one less each it fits.
    await directory.editMany(ids, { addTags: ['prod'], removeTags: ['t3'] })
    expect(record(ids[1]).tags).toHaveLength(16)
  })

  it('changes nothing when it cannot be kept', async () => {
    await addServers(3)
    const before = ids.map(record)
    world.storage.listFull = true
    await expect(directory.editMany(ids, { location: 'Rack 4' })).rejects.toMatchObject({ code: 'diskFull' })
    expect(ids.map(record)).toEqual(before)
  })

  it('counts those that are gone, and those that are so already', async () => {
    await addServers(3)
    await directory.remove(ids[0] as ServerId, false)
    const [, same] = ids
    await directory.editMany([same as ServerId], { location: 'Rack 4' })
    expect(await directory.editMany([...ids, ...ids], { location: 'Rack 4' })).toMatchObject({
      changed: 1,
      unchanged: 1,
      gone: 1
    })
    const nothing = { changed: 0, unchanged: 2, editId: null }
    expect(await directory.editMany(ids, { location: 'Rack 4' })).toMatchObject(nothing)
  })

  it('waits for what was asked of one of them before', async () => {
    await addServers(2)
    const [first] = ids as [ServerId]
    const single = directory.edit(first, { ...draftOf('renamed'), tags: ['own'] }, undefined)
    const many = directory.editMany(ids, { addTags: ['prod'] })
    const removal = directory.remove(first, false)
    await Promise.all([single, many, removal])
    expect(directory.find(first)).toBeUndefined()
    expect(world.storage.stored[0]?.record).toMatchObject({ name: 'renamed', tags: ['own', 'prod'] })
  })
})

describe('taking an edit of many back', () => {
  const editId = async (change: ServerChange) => (await directory.editMany(ids, change)).editId as EditId

  it('gives back what the edit changed, and leaves what was changed since', async () => {
    await addServers(4)
    const [first, second, third, fourth] = ids as [ServerId, ServerId, ServerId, ServerId]
    const id = await editId({ location: 'Rack 4', addTags: ['prod'], collecting: false })
    await directory.edit(second, { ...record(second), location: 'Rack 5' }, undefined)
    // Something else than the edit changed: no reason to keep its mistake.
    await directory.edit(third, { ...record(third), note: 'new fan' }, undefined)
    await directory.remove(fourth, false)
    expect(await directory.undoEdit(id)).toEqual({ restored: 2, editedSince: 1, gone: 1 })
    await settle()
    const before = { location: 'Office', tags: ['old'], collecting: true }
    expect(record(first)).toMatchObject(before)
    expect(record(third)).toMatchObject({ ...before, note: 'new fan' })
    expect(record(second)).toMatchObject({ location: 'Rack 5', tags: ['old', 'prod'], collecting: false })
    expect(directory.get(first).view().connection.kind).toBe('online')
    expect(directory.get(second).view().connection.kind).toBe('stopped')
  })

  it('can be done once, and again after it failed', async () => {
    await addServers(2)
    const id = await editId({ lookOnly: true })
    world.storage.listFull = true
    await expect(directory.undoEdit(id)).rejects.toMatchObject({ code: 'diskFull' })
    world.storage.listFull = false
    expect(await directory.undoEdit(id)).toMatchObject({ restored: 2 })
    await expect(directory.undoEdit(id)).rejects.toMatchObject({
      code: 'notFound',
      params: { what: 'edit' }
    })
  })

  it('is possible for the newest twenty', async () => {
    await addServers(1)
    const edits: EditId[] = []
    for (let index = 0; index < 21; index++) edits.push(await editId({ location: `Rack ${index}` }))
    await expect(directory.undoEdit(edits[0] as EditId)).rejects.toBeInstanceOf(AppError)
    expect(await directory.undoEdit(edits[20] as EditId)).toMatchObject({ restored: 1 })
    expect(record(ids[0]).location).toBe('Rack 19')
  })
})

describe('removing many servers', () => {
  it('takes those that are there off the list at once, and closes their connections', async () => {
    await addServers(3)
    await directory.remove(ids[0] as ServerId, false)
    expect(await directory.removeMany(ids, true)).toEqual({ removed: 2, gone: 1 })
    expect(world.storage.removals.at(-1)).toEqual({ serverIds: ids.slice(1), deleteHistory: true })
    expect(directory.runtimes()).toEqual([])
    const { length } = world.connector.requests
    await world.clock.advance(60_000)
    expect(logins()).toBe(length)
    await expect(directory.remove(ids[0] as ServerId, false)).rejects.toMatchObject({ code: 'notFound' })
  })

  it('lets them go on when they cannot be removed', async () => {
    await addServers(2)
    world.storage.listFull = true
    await expect(directory.removeMany(ids, false)).rejects.toMatchObject({ code: 'diskFull' })
    world.storage.listFull = false
    await world.clock.advance(10_000)
    expect(ids.map((id) => directory.get(id).view().connection.kind)).toEqual(['online', 'online'])
  })
})

describe('what the window may ask', () => {
  const takes = (change: unknown): boolean => ServerChange.safeParse(change).success

  it('is a change of the fields named, with their limits', () => {
    expect(takes({ location: ' Rack 4 ', addTags: ['a'], removeTags: ['b'], intervalMs: null })).toBe(true)
    expect(takes({ location: '<img src=x onerror=alert(1)>', addTags: ["';DROP--"] })).toBe(true)
    for (const change of [
      { location: 'x'.repeat(81) },
      { addTags: ['two words'] },
      { addTags: ['a:b'] },
      { addTags: Array.from({ length: 17 }, (_unused, index) => `t${index}`) },
      { addTags: ['a'], removeTags: ['a'] },
      { intervalMs: 1 },
      { collecting: 'yes' },
      { connection: { host: '192.0.2.9' } },
      { id: 'other' }
    ]) {
      expect(takes(change), JSON.stringify(change)).toBe(false)
    }
  })

  it('names at least one server, and not without end', () => {
    const { input } = serverEditsContract['servers.removeMany']
    const id = '00000000-0000-4000-8000-0000000000aa'
    const asks = (serverIds: unknown[]) => input.safeParse({ serverIds, deleteHistory: false }).success
    expect([asks([id]), asks([]), asks(['kvm-1']), asks(Array(1_001).fill(id))]).toEqual([
      true,
      false,
      false,
      false
    ])
  })
})
