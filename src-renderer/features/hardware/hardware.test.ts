import { afterEach, describe, expect, it } from 'vitest'
import { fakeDisk, fakeTraffic } from '../../../test/fakes/engine-hardware.ts'
import { createFakeEngine } from '../../../test/fakes/engine.ts'
import { openWindow, type TestWindow } from '../../../test/fakes/window.ts'
import { coreFigures } from './core-figures.ts'
import { healthLevel } from './disk-columns.ts'
import { dayBars } from './traffic-days.ts'

describe('health in a word', () => {
  const disk = fakeDisk('sda')
  const withReport = (changes: object) =>
    fakeDisk('sda', { smart: { ...disk.smart, report: { ...disk.smart.report!, ...changes } } })

  it('the drive’s own verdict first, then what is worth a look, then why nothing is known', () => {
    expect(healthLevel(disk)).toBe('ok')
    expect(healthLevel(withReport({ warnings: ['pendingSectors'] }))).toBe('warning')
    expect(healthLevel(withReport({ healthy: false, warnings: ['failing'] }))).toBe('failing')
    expect(healthLevel(withReport({ healthy: null }))).toBe('noVerdict')
    const unknown = { readAtMs: null, report: null, asleep: false, problem: null }
    expect(healthLevel(fakeDisk('sda', { smart: unknown }))).toBe('notAsked')
    expect(healthLevel(fakeDisk('sda', { smart: { ...unknown, asleep: true } }))).toBe('asleep')
    expect(healthLevel(fakeDisk('sda', { smart: { ...unknown, problem: 'toolMissing' } }))).toBe('problem')
  })
})

describe('threads together', () => {
  it('mean, the busiest, how many are above 80 %; threads without a value are not counted', () => {
    const cores = [0.1, 0.9, null, 0.81].map((usedRatio, index) => ({ key: String(index), usedRatio }))
    expect(coreFigures(cores)).toEqual({ mean: (0.1 + 0.9 + 0.81) / 3, busiest: cores[1], busy: 2 })
    expect(coreFigures([{ key: '0', usedRatio: null }])).toEqual({ mean: null, busiest: null, busy: 0 })
  })
})

describe('days as bars', () => {
  it('every day of the month: future, before the count, today, spread', () => {
    const view = fakeTraffic()
    const of = view.traffic[0]!
    const bars = dayBars(of, of.thisMonth, view)
    expect(bars).toHaveLength(30)
    expect(bars.filter(({ isUnknown, isFuture }) => isUnknown && !isFuture)).toHaveLength(19)
    expect(bars.filter(({ isFuture }) => isFuture).map(({ day }) => day)).toEqual([
      '2026-11-29',
      '2026-11-30'
    ])
    expect(bars.find(({ isToday }) => isToday)?.day).toBe('2026-11-28')
    const spread = bars.find(({ day }) => day === '2026-11-27')
    expect(spread).toMatchObject({ spreadShare: 1 })
    expect((bars.find(({ day }) => day === '2026-11-26')?.rxShare ?? 0) * 280).toBeCloseTo(200, 6)
  })
})

// A whole window: on a busy machine it takes its time.
describe('the tab', { timeout: 30_000 }, () => {
  let view: TestWindow
  afterEach(() => {
    view.close()
  })
  const open = async (): Promise<void> => {
    // The same servers each time: the id of the first is known before the window opens.
    const before = createFakeEngine({ fleet: 1 })
    const { id } = before.servers[0]!.view.record
    before.close()
    view = await openWindow({ fleet: 1 }, `#/servers/${id}/hardware`)
    // The first window of a run, on a busy machine, may take longer than one wait.
    await view.role('tab', 'Hardware').catch(() => view.role('tab', 'Hardware'))
  }
  const press = async (name: string): Promise<void> => (await view.role('button', name)).click()
  /** Sections stand in a group of which one is always chosen. */
  const choose = async (label: string): Promise<void> => {
    const item = await view.until(() =>
      [...document.querySelectorAll<HTMLElement>('[role="group"] button, [role="radio"]')].find(
        (one) => one.textContent.trim() === label
      )
    )
    item.click()
  }
  const says = (text: string): Promise<boolean> =>
    view.until(() => {
      const shown = document.body.textContent.replaceAll('\u00a0', ' ')
      if (!shown.includes(text)) throw new Error(`“${text}” is not in: ${shown.slice(-600)}`)
      return true
    })

  it('shows disks with their health, or the reason why it is not known', async () => {
    await open()
    await view.role('button', 'Health of nvme0n1: healthy')
    await says('not permitted')
    await press('Health of nvme0n1: healthy')
    await says('GDC5602Q')
  })

  it('a stalled share has no values but a reason', async () => {
    await open()
    await choose('File systems')
    await says('/mnt/share')
    await says('no value: Its server does not answer.')
  })

  it('what counts is sent as the operator chose it, with the other options as they were', async () => {
    await open()
    const sent: unknown[] = []
    Object.assign(view.engine.handlers, {
      'hardware.setOptions': async (input: unknown) => {
        sent.push(input)
        return null
      }
    })
    await choose('Interfaces')
    await press('What counts…')
    ;(await view.role('switch', /Let the console decide/)).click()
    ;(await view.role('checkbox', 'br0')).click()
    ;(await view.role('checkbox', 'eno1')).click()
    await press('Save')
    await view.until(() => sent.length > 0)
    expect(sent).toMatchObject([{ options: { countedInterfaces: ['br0'], resetDay: 1, quotaBytes: null } }])
  })

  it('the month: sums, what it will be, and since when it was counted', async () => {
    await open()
    await choose('Traffic of the month')
    for (const words of [
      '400 GiB',
      '450 GiB',
      'from 7 full days',
      'Counted since 20 Nov 2026',
      'No quota set.'
    ])
      await says(words)
  })

  it('threads: one cell each, read out with its value', async () => {
    await open()
    await choose('CPU threads')
    await says('8 threads')
    expect(document.querySelectorAll('[aria-label^="Thread "][aria-pressed]')).toHaveLength(8)
  })
})
