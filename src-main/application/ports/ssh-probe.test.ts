import { AppError } from '#contract/errors.ts'
import { describe, expect, it } from 'vitest'
import type { Connection } from '../servers/connection.ts'
import { probedOf, SshProbe } from './ssh-probe.ts'

describe('the words of sshd', () => {
  it.each([
    ['(SSH) Channel open failure: Connection refused', 'closed', 'reset'],
    ['(SSH) Channel open failure: Connection timed out', 'filtered', 'noResponse'],
    ['(SSH) Channel open failure: No route to host', 'filtered', 'hostUnreachable'],
    ['(SSH) Channel open failure: Network is unreachable', 'filtered', 'netUnreachable'],
    ['(SSH) Channel open failure: Operation not permitted', 'filtered', 'localRefusal'],
    ['(SSH) Channel open failure: ', 'closed', 'connectFailed']
  ])('%s', (words, state, reason) => {
    expect(probedOf(words, 1)).toMatchObject({ state, reason })
  })
})

describe('a knock through the connection', () => {
  const never = new AbortController().signal
  const connectionOf = (openForward: Connection['openForward']): Connection =>
    ({ openForward }) as unknown as Connection

  it('hands on that no way may be opened', async () => {
    const probe = new SshProbe(
      connectionOf(() =>
        Promise.reject(new AppError('forwardFailed', { params: { refusal: 'prohibited' } }))
      ),
      never
    )
    await expect(probe.probe('127.0.0.1', 22, 1_000)).rejects.toMatchObject({ code: 'forwardFailed' })
  })

  it('that is not answered is no response, and is not forgotten: sshd still works at it', async () => {
    let asked = 0
    const answers: (() => void)[] = []
    const probe = new SshProbe(
      connectionOf(() => {
        asked++
        return new Promise((_resolve, reject) => {
          answers.push(() => reject(new AppError('deadlineExceeded')))
        })
      }),
      never
    )
    const first = await Promise.all(
      Array.from({ length: 256 }, (_unused, index) => probe.probe('127.0.0.1', index + 1, 1))
    )
    expect(first.every(({ reason }) => reason === 'noResponse')).toBe(true)
    const next = probe.probe('127.0.0.1', 300, 1)
    await new Promise((resolve) => setImmediate(resolve))
    expect(asked).toBe(256)
    answers[0]?.()
    await next
    expect(asked).toBe(257)
  })
})
