import { afterEach, describe, expect, it, vi } from 'vitest'
import { createFakeEngine } from '../../../test/fakes/engine.ts'
import { openWindow, type TestWindow } from '../../../test/fakes/window.ts'
import { chipNames } from './chip-names.ts'
import { costText, dayBars, daysBefore, formatEnergy, monthJoules } from './energy.ts'
import { powerCharts } from './power-charts.ts'

/** The page is imported at its first use. */
vi.setConfig({ testTimeout: 30_000 })

let opened: TestWindow | null = null
afterEach(() => {
  opened?.close()
  opened = null
})

describe('the tab of power and temperature', () => {
  it('names the source of the figure, says what is missing and why, and what a kWh costs', async () => {
    const engine = createFakeEngine()
    const id = engine.servers[0]?.view.record.id ?? ''
    engine.close()
    opened = await openWindow({}, `#/servers/${id}/power`)
    const { until, root, role, type } = opened
    await until(() => root.textContent.includes('now, by BMC (IPMI)'))
    const text = root.textContent
    expect(text).toContain('412')
    expect(text).toContain('The login user may not read it.')
    expect(text).toContain('sudo chmod a+r /sys/class/powercap/intel-rapl:*/energy_uj')
    expect(text).toContain('Package id 0')
    expect(text).toContain('5400')
    await until(() => root.textContent.includes('5.00'))

    ;(await role('button', 'Price per kWh')).click()
    const price = (await role('textbox', 'Price per kWh')) as HTMLInputElement
    const save = (await role('button', 'Save')) as HTMLButtonElement
    type(price, 'much')
    await until(() => save.disabled)
    type(price, '0,40')
    await until(() => !save.disabled)
    type(await role('textbox', 'Currency'), '€')
    save.click()
    await until(() => root.textContent.includes('2.00\u00a0€'))
  })
})

describe('energy', () => {
  it('in words', () => {
    expect(formatEnergy(18e6)).toEqual({ value: '5.00', unit: 'kWh' })
    expect(formatEnergy(180_000)).toEqual({ value: '50.0', unit: 'Wh' })
    expect(formatEnergy(3.6e9)).toEqual({ value: '1000', unit: 'kWh' })
    expect(formatEnergy(null).value).toBe('—')
    expect(costText(18e6, { pricePerKwh: 0.4, currency: '€' })).toBe('2.00\u00a0€')
    expect(costText(18e6, { pricePerKwh: 0.4, currency: '' })).toBe('2.00')
    expect(costText(18e6, { pricePerKwh: null, currency: '€' })).toBeNull()
  })
  it('by calendar days, over the ends of months, with days of nothing as nothing', () => {
    expect(daysBefore('2026-03-01', 1)).toBe('2026-02-28')
    expect(daysBefore('2027-01-01', 1)).toBe('2026-12-31')
    const bars = dayBars([{ day: '2026-03-01', joules: 5 }], '2026-03-02', 3)
    expect(bars).toEqual([
      { day: '2026-02-28', joules: null },
      { day: '2026-03-01', joules: 5 },
      { day: '2026-03-02', joules: null }
    ])
    const days = [
      { day: '2026-02-28', joules: 7 },
      { day: '2026-03-01', joules: 5 }
    ]
    expect(monthJoules(days, '2026-03-02')).toBe(5)
    expect(monthJoules(days, '2026-04-02')).toBeNull()
  })
})

describe('charts and names', () => {
  it('chips of one name are told apart by their places', () => {
    const sensor = (key: string, chip: string) => ({ key, chip })
    const nvme = [
      sensor('nvme@0000:3d:00.0/Composite', 'nvme'),
      sensor('nvme@0000:3e:00.0/Composite', 'nvme')
    ]
    const cpu = sensor('coretemp@0/Package id 0', 'coretemp')
    const name = chipNames([...nvme, cpu])
    expect([...nvme, cpu].map(name)).toEqual(['nvme@0000:3d:00.0', 'nvme@0000:3e:00.0', 'coretemp'])
  })
  it('one source needs no chart of its own; batteries have none', () => {
    const words = { title: (chart: string) => chart, server: 'server', source: (key: string) => key }
    const entity = (key: string) => ({
      entity: { serverId: '' as never, kind: 'power' as const, key },
      label: '',
      firstAtMs: 0,
      lastAtMs: 10
    })
    expect(powerCharts([entity('ipmi'), entity('battery:BAT0')], [], [], words).map(({ id }) => id)).toEqual([
      'power'
    ])
    const two = powerCharts([entity('ipmi'), entity('gpu')], [{ key: 'a/b', label: 'a b' }], [], words)
    expect(two.map(({ id }) => id)).toEqual(['power', 'power-sources', 'temperature'])
  })
})
