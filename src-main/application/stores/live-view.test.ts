import { describe, expect, it } from 'vitest'
import { AppError } from '#contract/errors.ts'
import { FakeClock } from '../../../test/fakes/engine-parts.ts'
import { LiveView } from './live-view.ts'

function counted() {
  const clock = new FakeClock()
  let reads = 0
  let failure: AppError | null = null
  const view = new LiveView<string>({
    initial: 'nothing',
    clock,
    read: async ({ again }) => {
      reads++
      if (failure !== null) throw failure
      return `read ${reads}${again ? ' again' : ''}`
    },
    failed: (last, error) => `${last}, ${(error as AppError).code}`
  })
  return { view, clock, reads: () => reads, fail: (error: AppError) => (failure = error) }
}

describe('what is read while somebody looks', () => {
  it('is read once for all who look, and no more when they have left', async () => {
    const { view, clock, reads } = counted()
    const one = view.watch(new AbortController().signal)
    const other = view.watch(new AbortController().signal)
    expect((await one.next()).value).toBe('nothing')
    expect((await one.next()).value).toBe('read 1')
    await other.next()
    expect((await other.next()).value).toMatch(/^read [12]$/)
    await one.return()
    await other.return()
    const before = reads()
    for (let step = 0; step < 5; step++) await clock.advance(30_000)
    expect(reads()).toBe(before)
  })

  it('keeps what was there, with the reason, when a reading fails', async () => {
    const { view, fail } = counted()
    expect(await view.reload()).toBe('read 1 again')
    fail(new AppError('disconnected'))
    expect(await view.reload()).toBe('read 1 again, disconnected')
  })
})
