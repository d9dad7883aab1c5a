import { expect, it } from 'vitest'
import { FakeStorage, silentLog } from '../../../test/fakes/engine-parts.ts'
import { CreateLedger } from './create-ledger.ts'

it.each(['{"half', '{"no":"list"}', '[{"of":"another version"}]'])(
  'goes on with an empty list where the kept one cannot be read: %s',
  async (kept) => {
    const { blobs } = new FakeStorage().asStorage()
    await blobs.set('create:unfinished', Buffer.from(kept))
    expect(await new CreateLedger(blobs, silentLog).all()).toEqual([])
  }
)
