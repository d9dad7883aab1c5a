import { beforeEach, expect, it } from 'vitest'
import type { ServerId } from '#contract/ids.ts'
import { draftOf, FakeWorld } from '../../../test/fakes/directory.ts'
import { settle } from '../../../test/fakes/engine-parts.ts'
import type { StoredServer } from '../storage.ts'
import type { ServerDirectory } from './server-directory.ts'

let world: FakeWorld
let directory: ServerDirectory
beforeEach(async () => {
  world = new FakeWorld()
  directory = world.open()
  await directory.load()
  directory.start()
})

const storedOf = (id: ServerId): StoredServer => {
  const found = world.storage.stored.find(({ record }) => record.id === id)
  if (found === undefined) throw new Error('not stored')
  return found
}
const putAway = (id: ServerId): void => {
  world.storage.stored.splice(world.storage.stored.indexOf(storedOf(id)), 1)
}

it('takes up a list that was written past it: new servers connect, gone ones are closed, others go on', async () => {
  const stays = await directory.add(draftOf('stays'), undefined)
  const goes = await directory.add(draftOf('goes'), undefined)
  await world.clock.advance(0)
  const before = directory.get(stays).connection
  expect(before).not.toBeNull()
  const added = '00000000-0000-4000-8000-0000000000aa' as ServerId
  const record = { ...storedOf(stays).record, id: added, name: 'added' }
  world.storage.stored.push({ ...storedOf(stays), record })
  putAway(goes)
  await directory.reload(new Set([added]), new Set())
  await world.clock.advance(0)
  await settle()
  expect(directory.runtimes().map((runtime) => [runtime.record.name, runtime.state.kind])).toEqual([
    ['stays', 'online'],
    ['added', 'online']
  ])
  expect(directory.get(stays).connection).toBe(before)
})

it('connects anew when the way or the password is another, and not for a note', async () => {
  const id = await directory.add(draftOf('alpha'), undefined)
  await world.clock.advance(0)
  const first = directory.get(id).connection
  const index = world.storage.stored.indexOf(storedOf(id))
  world.storage.stored[index] = { ...storedOf(id), record: { ...storedOf(id).record, note: 'rack 4' } }
  await directory.reload(new Set([id]), new Set())
  await settle()
  expect([directory.get(id).record.note, directory.get(id).connection]).toEqual(['rack 4', first])
  await directory.reload(new Set(), new Set([id]))
  await world.clock.advance(0)
  await settle()
  expect(directory.get(id).state.kind).toBe('online')
  expect(directory.get(id).connection).not.toBe(first)
})
