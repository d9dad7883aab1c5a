import { afterEach, describe, expect, it, vi } from 'vitest'
import { FAKE_GPU_KEY, fakeGpus } from '../../../test/fakes/engine-gpu-power.ts'
import { createFakeEngine } from '../../../test/fakes/engine.ts'
import { openWindow, type TestWindow } from '../../../test/fakes/window.ts'
import { gpuCharts, gpuLines } from './gpu-charts.ts'
import { cardLabel } from './process-columns.ts'

/** The page is imported at its first use. */
vi.setConfig({ testTimeout: 30_000 })

let opened: TestWindow | null = null
afterEach(() => {
  opened?.close()
  opened = null
})

/** Servers of the engine in memory are always the same ones. */
async function openTab(index = 2): Promise<TestWindow> {
  const engine = createFakeEngine()
  const id = engine.servers[index]?.view.record.id ?? ''
  engine.close()
  opened = await openWindow({}, `#/servers/${id}/gpu`)
  return opened
}

describe('the tab of graphics cards', () => {
  it('shows each card, its slices, who uses them, and what would mend what is slow', async () => {
    const { until, root } = await openTab()
    await until(() => root.textContent.includes('NVIDIA A100-SXM4-40GB'))
    const text = root.textContent
    expect(text).toContain('3g.20gb')
    expect(text).toContain('driver 550.90.07')
    expect(text).toContain('CUDA 12.4')
    expect(text).toContain('sudo nvidia-smi -pm 1')
    // Remote text with its control characters made visible.
    expect(text).not.toContain('\u202e')
    const table = await until(() => root.querySelector('[role="grid"][aria-label="Processes"]'))
    await until(() => table.textContent.includes('0 · 3g.20gb'))
    expect(table.textContent).toContain('liwei')
    // No value without its reason: a hidden name and an unknown user.
    const read = [...table.querySelectorAll('[role="gridcell"]')].map((cell) =>
      cell.getAttribute('aria-label')
    )
    expect(read).toContain('no value: The driver hides it from the login user.')
    expect(read).toContain('no value: The process is not visible to the login user, or has ended.')
    // A divided card does not tell how busy it is as a whole.
    expect(text).toContain('A card that is divided into slices does not tell how busy it is as a whole.')
  })

  it('says why there is none, with the line that mends it', async () => {
    const { until, root, engine } = await openTab(0)
    engine.handlers['gpus.watch'] = async function* (_input, { signal }) {
      yield {
        ...fakeGpus(),
        cards: [],
        processes: null,
        hints: [{ kind: 'driverNotLoaded', subject: null, fix: 'sudo modprobe nvidia' }]
      }
      await new Promise((done) => signal.addEventListener('abort', done))
    }
    engine.change(0, (view) => ({
      ...view,
      capabilities: [
        ...view.capabilities,
        { id: 'gpu', works: false, cause: 'daemonDown', fix: 'sudo modprobe nvidia' }
      ]
    }))
    await until(() => root.textContent.includes('No graphics card is measured'))
    expect(root.textContent).toContain('The service behind it does not run.')
  })
})

describe('charts of graphics cards', () => {
  const info = (key: string, label: string, lastAtMs: number) => ({
    entity: { serverId: '' as never, kind: 'gpu' as const, key },
    label,
    firstAtMs: 0,
    lastAtMs
  })
  it('have a line for each card that is there, else for those that were', () => {
    const past = [info('GPU-b', 'B', 5), info('GPU-a', 'A', 9), info('MIG-1', '1g', 9)]
    expect(gpuLines(past, [{ key: 'GPU-x', label: '0' }], false)).toEqual([{ key: 'GPU-x', label: '0' }])
    expect(gpuLines(past, [], false).map(({ key }) => key)).toEqual(['GPU-a', 'GPU-b'])
    expect(gpuLines(past, [], true).map(({ key }) => key)).toEqual(['MIG-1'])
  })
  it('sum what adds up, and name the hottest', () => {
    const lines = ['a', 'b'].map((key) => ({ key, label: key }))
    const specs = gpuCharts(lines, [], (chart) => chart)
    expect(specs.map(({ id }) => id)).toEqual(['gpu-memory', 'gpu-busy', 'gpu-temperature', 'gpu-power'])
    const read = (_kind: string, key: string): number => (key === 'a' ? 60 : 40)
    expect([0, 2, 3].map((at) => specs[at]?.headline(read).value)).toEqual(['100', '60', '100'])
    expect(specs[1]?.headline((_kind, key) => (key === 'a' ? 0.5 : 0.25))).toEqual({
      value: '37.5',
      unit: '%'
    })
    expect(specs[0]?.headline(() => null).value).toBe('—')
  })
  it('name a process’s card or slice', () => {
    const { cards } = fakeGpus()
    expect(cardLabel(FAKE_GPU_KEY, cards)).toBe('0')
    expect(cardLabel(cards[0]?.slices[0]?.key ?? '', cards)).toBe('0 · 3g.20gb')
    expect(cardLabel('gone', cards)).toBe('')
  })
})
