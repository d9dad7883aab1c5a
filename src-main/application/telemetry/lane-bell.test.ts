import { ServerId } from '#contract/ids.ts'
import { expect, it } from 'vitest'
import { FakeClock, settle } from '../../../test/fakes/engine-parts.ts'
import { pace } from '../sampling/pace.ts'
import { LaneBell } from './lane-bell.ts'

const serverId = ServerId.parse('00000000-0000-4000-8000-000000000001')
const never = new AbortController().signal

it('brings a reading before its time, tells who waited for it, and counts the next pause from there', async () => {
  const clock = new FakeClock()
  const life = new AbortController()
  const bell = new LaneBell()
  const readAt: number[] = []
  const running = pace(() => bell.answering(serverId, async () => void readAt.push(clock.monotonicMs())), {
    clock,
    signal: life.signal,
    intervalMs: () => 60_000,
    wanted: (signal) => bell.next(serverId, signal)
  })
  await clock.advance(10_000)
  let told = false
  void bell.ring(serverId, never).then(() => (told = true))
  await settle()
  expect(told).toBe(true)
  await clock.advance(120_000)
  life.abort()
  await running
  expect(readAt).toEqual([0, 10_000, 70_000, 130_000])
})

it('gives who rings while a reading runs one of its own, and lets nobody wait for ever', async () => {
  const bell = new LaneBell()
  const first = Promise.withResolvers<void>()
  const reading = bell.answering(serverId, () => first.promise)
  let told = 0
  void bell.ring(serverId, never).then(() => told++)
  const leave = new AbortController()
  void bell.ring(serverId, leave.signal).then(() => told++)
  first.resolve()
  await reading
  await settle()
  expect(told).toBe(0)
  leave.abort()
  await settle()
  expect(told).toBe(1)
  // It was rung: the lane does not rest.
  await bell.next(serverId, never)
  await expect(bell.answering(serverId, () => Promise.reject(new Error('no answer')))).rejects.toThrow(
    'no answer'
  )
  await settle()
  expect(told).toBe(2)
})
