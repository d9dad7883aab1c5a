import { afterEach, describe, expect, it } from 'vitest'
import type { LogStatus } from '#contract/traffic.ts'
import { openWindow, type TestWindow } from '../../../test/fakes/window.ts'
import { makeServer, NINE_SERVERS } from '../../../test/fakes/engine-model.ts'
import { fakeTotal } from '../../../test/fakes/engine-traffic.ts'
import { addDays, everyDay, everyHour, parseDay, rangeOf } from './days.ts'
import { errorRatio, hitRatio, meanMs } from './totals.ts'

let opened: TestWindow | null = null
afterEach(() => {
  opened?.close()
  opened = null
})

const text = (): string => document.body.textContent.replaceAll(/\s+/g, ' ')

const [plan] = NINE_SERVERS
const serverId = plan === undefined ? '' : makeServer(plan, 0, Date.now()).view.record.id

async function trafficTab(logs: readonly Partial<LogStatus>[]): Promise<TestWindow> {
  opened = await openWindow({ fleet: 'nine', logs }, `#/servers/${serverId}/traffic`)
  await opened.until(() => document.querySelector('[role="tablist"]'))
  return opened
}

describe('the traffic of a server', { timeout: 30_000 }, () => {
  it('says how a log is added, and adds the one that was found', async () => {
    const window = await trafficTab([])
    await window.until(() => text().includes('No access log is read on this server'))
    await window.until(() => text().includes('/var/log/squid/access.log'))
    expect(text()).toContain('not readable for the login user')
    expect(text()).toContain('sudo usermod -aG adm op')
    ;(await window.role('button', 'Add /var/log/squid/access.log')).click()
    await window.until(() => text().includes('deb.example.org'))
    expect(text()).toContain('up to date')
  })

  it('shows figures, folded ones, and those without a domain', async () => {
    const window = await trafficTab([{ path: '/var/log/squid/access.log', behindBytes: 5 * 2 ** 20 }])
    await window.until(() => text().includes('deb.example.org'))
    expect(text()).toContain('5.0 MiB behind')
    expect(text()).toContain('others, folded')
    expect(text()).toContain('(no domain in the log)')
    expect(text()).toContain('and 3 more')
    expect(text()).toMatch(/From the cache ?25\.0/)
    ;(await window.role('button', 'Status')).click()
    await window.until(() => text().includes('none (000)'))
  })

  it('a log that may not be read is no zero: it has its reason and its line', async () => {
    const window = await trafficTab([
      { path: '/var/log/nginx/access.log', cause: 'permissionDenied', fix: 'sudo usermod -aG adm op' }
    ])
    await window.until(() => text().includes('the login user may not read it'))
    expect(text()).toContain('sudo usermod -aG adm op')
  })
})

describe('days', () => {
  it('are counted over changes of the clock and of the year', () => {
    expect(addDays('2026-03-29', 1)).toBe('2026-03-30')
    expect(addDays('2027-01-01', -1)).toBe('2026-12-31')
    expect(rangeOf('week', '2026-11-03')).toEqual({ fromDay: '2026-10-28', toDay: '2026-11-03' })
    expect(
      everyDay({ fromDay: '2026-10-24', toDay: '2026-10-26' }, [fakeTotal('2026-10-25', 7)])
    ).toMatchObject([
      { key: '2026-10-24', visits: 0 },
      { key: '2026-10-25', visits: 7 },
      { key: '2026-10-26', visits: 0 }
    ])
    expect(everyHour([fakeTotal('07', 3)]).filter(({ visits }) => visits > 0)).toHaveLength(1)
    expect([parseDay(' 2026-02-28 '), parseDay('2026-02-30'), parseDay('x')]).toEqual([
      '2026-02-28',
      null,
      null
    ])
  })

  it('figures of nothing are none', () => {
    const nothing = fakeTotal('', 0, { judged: 0, timed: 0, status4xx: 0, status5xx: 0 })
    expect([hitRatio(nothing), meanMs(nothing), errorRatio(nothing)]).toEqual([null, null, null])
    expect([
      hitRatio(fakeTotal('', 100)),
      meanMs(fakeTotal('', 100)),
      errorRatio(fakeTotal('', 100))
    ]).toEqual([0.25, 120, 0.1])
  })
})
