import { AppError } from '#contract/errors.ts'
import { describe, expect, it } from 'vitest'
import { nextDelayMs, waitsForOperator } from './back-off.ts'

describe('nextDelayMs', () => {
  it('stays at or below 1.5 s for two minutes, however many tries', () => {
    for (let attempt = 1; attempt <= 200; attempt += 1) {
      for (const random of [0, 0.5, 1]) {
        const delay = nextDelayMs({ attempt, sinceFirstFailureMs: 119_999, random })
        expect(delay).toBeGreaterThan(0)
        expect(delay).toBeLessThanOrEqual(1_500)
      }
    }
  })

  it('tries at once after the first failure, and grows', () => {
    const at = (attempt: number): number => nextDelayMs({ attempt, sinceFirstFailureMs: 0, random: 1 })
    expect(at(1)).toBe(250)
    expect([at(2), at(3), at(4), at(5)]).toEqual([500, 1_000, 1_500, 1_500])
  })

  it('then grows without a jump to five minutes and no further', () => {
    const at = (minutes: number): number =>
      nextDelayMs({ attempt: 100, sinceFirstFailureMs: minutes * 60_000, random: 1 })
    expect(at(2)).toBe(1_500)
    expect(at(3)).toBe(16_500)
    expect(at(10)).toBeLessThan(at(11))
    expect(at(60)).toBe(300_000)
    expect(at(60 * 24 * 30)).toBe(300_000)
  })

  it('spreads servers behind one lost link over half of the delay', () => {
    const at = (random: number): number => nextDelayMs({ attempt: 9, sinceFirstFailureMs: 3_600_000, random })
    expect([at(0), at(1)]).toEqual([150_000, 300_000])
  })
})

describe('waitsForOperator', () => {
  it('stops after two refused logins', () => {
    const refused = new AppError('loginRefused')
    expect(waitsForOperator(refused, 1)).toBe(false)
    expect(waitsForOperator(refused, 2)).toBe(true)
  })

  it('waits at once where only the operator can help, and never for the network', () => {
    expect(waitsForOperator(new AppError('hostKeyChanged'))).toBe(true)
    expect(waitsForOperator(new AppError('passphraseNeeded'))).toBe(true)
    expect(waitsForOperator(new AppError('connectTimeout'))).toBe(false)
    expect(waitsForOperator(new AppError('agentUnavailable'))).toBe(false)
  })
})
