import { AppError } from '#contract/errors.ts'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, nextTick, ref } from 'vue'
import { useConsoleLink } from './console-link.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** How each attempt ends; the last one stays open. */
function start(ends: readonly (AppError | 'opens' | 'ends')[]) {
  const wanted = ref(true)
  const attempts: AbortSignal[] = []
  const scope = effectScope()
  const link = scope.run(() =>
    useConsoleLink({
      wanted: () => wanted.value,
      async run(signal, opened) {
        const end = ends[attempts.length] ?? 'opens'
        attempts.push(signal)
        if (end instanceof AppError) throw end
        opened()
        if (end === 'opens') await new Promise(() => undefined)
      }
    })
  )
  if (link === undefined) throw new Error('no scope')
  return { link, wanted, attempts, scope }
}

describe('a console’s connection', () => {
  it('comes back by itself after the other end closed it', async () => {
    const { link, attempts } = start(['ends', 'opens'])
    await vi.advanceTimersByTimeAsync(0)
    expect(link.state.value.kind).toBe('reconnecting')
    await vi.advanceTimersByTimeAsync(1_000)
    expect(link.state.value.kind).toBe('open')
    expect(attempts).toHaveLength(2)
  })

  it('waits for the operator where another attempt does not help', async () => {
    const { link, attempts } = start([new AppError('serialInUse'), 'opens'])
    await vi.advanceTimersByTimeAsync(60_000)
    expect(link.state.value).toMatchObject({ kind: 'failed', error: { code: 'serialInUse' } })
    expect(attempts).toHaveLength(1)
    link.retry()
    await vi.advanceTimersByTimeAsync(0)
    expect(link.state.value.kind).toBe('open')
  })

  it('says what is wrong after a few attempts in vain', async () => {
    const { link, attempts } = start(Array.from({ length: 9 }, () => new AppError('forwardFailed')))
    await vi.advanceTimersByTimeAsync(60_000)
    expect(link.state.value).toMatchObject({ kind: 'failed', error: { code: 'forwardFailed' } })
    expect(attempts).toHaveLength(4)
  })

  it('is closed while the VM is off, and with its page', async () => {
    const { link, wanted, attempts, scope } = start([])
    await vi.advanceTimersByTimeAsync(0)
    wanted.value = false
    await nextTick()
    expect(link.state.value.kind).toBe('off')
    expect(attempts[0]?.aborted).toBe(true)
    wanted.value = true
    await nextTick()
    await vi.advanceTimersByTimeAsync(0)
    expect(link.state.value.kind).toBe('open')
    scope.stop()
    expect(attempts[1]?.aborted).toBe(true)
  })
})
