import { enableAutoUnmount, mount } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { defineComponent, h, nextTick } from 'vue'
import { i18n } from '../app/i18n.ts'
import { provideCrosshair } from './crosshair.ts'
import { GRID } from './geometry.ts'
import TimeChart from './TimeChart.vue'
import type { ChartData } from './types.ts'

enableAutoUnmount(afterEach)

const draws = vi.hoisted(() => [] as boolean[])
vi.mock('./engine.ts', () => ({
  openChart: () => ({
    draw: (_option: unknown, fresh: boolean) => void draws.push(fresh),
    resize: () => undefined,
    dispose: () => undefined
  })
}))

const START = Date.UTC(2026, 10, 20, 10)
const WIDTH = 500
const range = { fromAtMs: START, toAtMs: START + 900_000 }
const atMs = Array.from({ length: 181 }, (_, index) => START + index * 5_000)
const data = (level: number, id = 'used'): ChartData => ({
  atMs,
  lines: [
    {
      id,
      label: '<b>x</b>',
      colour: 0,
      shape: 'line',
      values: atMs.map((_, index) => level + index / 10_000)
    }
  ]
})
const gap = { fromAtMs: START + 300_000, toAtMs: START + 420_000, label: 'link lost 2 min' }

let frames: (() => void)[] = []
const runFrames = async (): Promise<void> => {
  await nextTick()
  // On a busy machine one frame does not draw them all.
  while (frames.length > 0) for (const frame of frames.splice(0)) frame()
  await nextTick()
}

beforeEach(() => {
  draws.length = 0
  frames = []
  class Observer {
    readonly callback: (entries: unknown[]) => void
    constructor(callback: (entries: unknown[]) => void) {
      this.callback = callback
    }
    observe(): void {
      this.callback([{ contentRect: { width: WIDTH }, isIntersecting: true }])
    }
    disconnect = (): void => undefined
  }
  vi.stubGlobal('ResizeObserver', Observer)
  vi.stubGlobal('IntersectionObserver', class extends Observer {})
  vi.stubGlobal('requestAnimationFrame', (frame: () => void) => frames.push(frame))
})
afterEach(async () => {
  // The queue of drawings outlives a chart: what was asked for is let through.
  await runFrames()
  vi.unstubAllGlobals()
})

/** Two charts of a page, as the crosshair is shared. */
function page() {
  const emitted: Record<string, unknown[]> = { zoom: [], reset: [] }
  const Page = defineComponent({
    props: { level: { type: Number, default: 0.2 }, id: { type: String, default: 'used' } },
    setup(props) {
      provideCrosshair()
      const chart = (label: string) =>
        h(TimeChart, {
          label,
          data: data(props.level, props.id),
          unit: 'ratio',
          range,
          gaps: [gap],
          zone: 'utc',
          onZoom: (to: unknown) => emitted['zoom']?.push(to),
          onReset: () => emitted['reset']?.push(true)
        })
      return () => [chart('CPU'), chart('Memory')]
    }
  })
  const wrapper = mount(Page, { attachTo: document.body, global: { plugins: [i18n] } })
  const charts = wrapper.findAll('[role="application"]')
  const [first, second] = charts
  if (first === undefined || second === undefined) throw new Error('two charts expected')
  return { wrapper, first, second, emitted }
}
const xOf = (at: number): number =>
  GRID.left + ((at - range.fromAtMs) / 900_000) * (WIDTH - GRID.left - GRID.right)

describe('TimeChart', () => {
  it('points at the same time in all charts, and shows the exact values in the one under the pointer', async () => {
    const { first, second } = page()
    await first.trigger('pointermove', { clientX: xOf(START + 60_000) })
    expect(first.text()).toContain('20 Nov 2026, 10:01:00')
    expect(first.text()).toContain('20.1\u00a0%')
    expect(first.find('b').exists()).toBe(false)
    expect(second.find('.bg-ink-3').exists()).toBe(true)
    expect(second.text()).not.toContain('10:01:00')
    await first.trigger('pointerleave')
    expect(second.find('.bg-ink-3').exists()).toBe(false)
  })

  it('tells why there is nothing where there is a gap', async () => {
    const { first } = page()
    await first.trigger('pointermove', { clientX: xOf(START + 360_000) })
    expect(first.text()).toContain('link lost 2 min')
  })

  it('never draws the canvas because the pointer moved', async () => {
    const { first } = page()
    await runFrames()
    const before = draws.length
    await first.trigger('pointermove', { clientX: xOf(START + 60_000) })
    await first.trigger('pointermove', { clientX: xOf(START + 90_000) })
    await runFrames()
    expect(before).toBeGreaterThan(0)
    expect(draws.length).toBe(before)
  })

  it('keeps the picture when only values changed, and starts anew when lines did', async () => {
    const { wrapper } = page()
    await runFrames()
    draws.length = 0
    await wrapper.setProps({ level: 0.4 })
    await runFrames()
    expect(draws).toEqual([false, false])
    await wrapper.setProps({ id: 'other' })
    await runFrames()
    expect(draws.slice(2)).toEqual([true, true])
  })

  it('zooms to what was dragged over, but not on a mere click', async () => {
    const { first, emitted } = page()
    await first.trigger('pointerdown', { clientX: xOf(START + 60_000), button: 0, pointerId: 1 })
    await first.trigger('pointerup')
    expect(emitted['zoom']).toEqual([])
    await first.trigger('pointerdown', { clientX: xOf(START + 300_000), button: 0, pointerId: 1 })
    await first.trigger('pointermove', { clientX: xOf(START + 60_000) })
    await first.trigger('pointerup')
    expect(emitted['zoom']).toEqual([{ fromAtMs: START + 60_000, toAtMs: START + 300_000 }])
    await first.trigger('dblclick')
    expect(emitted['reset']).toEqual([true])
  })

  it('is read and zoomed by keyboard alone', async () => {
    const { first, emitted } = page()
    await first.trigger('keydown', { key: 'End' })
    await first.trigger('keydown', { key: 'ArrowLeft' })
    expect(first.find('[aria-live]').text()).toBe('20 Nov 2026, 10:14:55: <b>x</b> 21.8\u00a0%')
    await first.trigger('keydown', { key: '+' })
    expect(emitted['zoom']).toHaveLength(1)
    await first.trigger('keydown', { key: '-' })
    expect(emitted['reset']).toEqual([true])
    await first.trigger('keydown', { key: 'Escape' })
    expect(first.find('[aria-live]').text()).toBe('')
  })
})
