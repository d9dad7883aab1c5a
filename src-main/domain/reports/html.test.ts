import { describe, expect, it } from 'vitest'
import type { Block, LineChart, ReportDocument } from './document.ts'
import { escapeText } from './escape.ts'
import { reportHtml } from './html.ts'
import { change, quantity } from './quantity.ts'
import { axisOf, linesSvg } from './svg-lines.ts'

const HOSTILE = [
  '<img src=x onerror=alert(1)>',
  '</svg><script>alert(1)</script>',
  '"><svg onload=alert(1)>',
  "' onmouseover='alert(1)",
  '</title></style><script>1</script>',
  'a\u202egnp.exe',
  '\u0000\u001b[31m',
  '`${1}`'
]
const layout = { up: 'more', down: 'less', same: 'same', noValues: 'none', contents: 'Contents' }
const document = (blocks: readonly Block[], text = 'x'): ReportDocument => ({
  title: text,
  subtitle: text,
  brand: text,
  facts: [[text, text]],
  blocks,
  words: layout
})
const written = (one: ReportDocument): string => [...reportHtml(one)].join('')
const lines = (name: string): LineChart => ({
  unit: 'ratio',
  max: null,
  edgesAtMs: [0, 1, 2, 3],
  ticks: [{ atMs: 0, label: name }],
  series: [
    { name, values: [0.1, null, 0.3] },
    { name: 'other', values: [null, null, 0.2] }
  ]
})

describe('hostile texts', () => {
  it.each(HOSTILE)('%j stays text, wherever it stands', (text) => {
    const html = written(
      document(
        [
          { kind: 'contents', links: [{ id: text, text }] },
          { kind: 'section', id: text, text },
          { kind: 'server', id: text, text, note: text },
          { kind: 'text', text },
          { kind: 'tiles', tiles: [{ label: text, value: text, note: text, change: null }] },
          {
            kind: 'table',
            table: {
              caption: text,
              columns: [{ name: text, align: 'start', group: text }],
              rows: [[{ text, link: text, change: { direction: 'up', text } }]],
              foot: [text]
            }
          },
          {
            kind: 'charts',
            charts: [
              { kind: 'lines', title: text, note: text, lines: lines(text) },
              {
                kind: 'pie',
                title: text,
                note: text,
                pie: { headline: text, parts: [{ name: text, value: 1, text }] }
              },
              {
                kind: 'heat',
                title: text,
                note: text,
                heat: { rows: [text], columns: [text], values: [1], texts: [text], least: text, most: text }
              }
            ]
          }
        ],
        text
      )
    )
    // Nothing but the markup of this console: the same with a harmless text has the same tags and attributes.
    const shape = (source: string): string[] =>
      [...source.matchAll(/<[/!]?([a-zA-Z]+)[^>]*>/g)].map(([tag]) => tag.replace(/"[^"]*"/g, '""'))
    expect(html).not.toMatch(/<script|<img|<svg onload/)
    expect(shape(html)).toEqual(shape(html.replaceAll(escapeText(text), 'x')))
    expect(html).not.toMatch(/[\u202e\u0000\u001b]/)
  })

  it('cannot reach outside even if one slipped through: the page has a policy, and no address at all', () => {
    const html = written(document([]))
    expect(html).toContain("default-src 'none'; style-src 'unsafe-inline'")
    expect(html).not.toMatch(/https?:|url\(|@import|src=|<link/)
  })
})

describe('charts', () => {
  it('break where there are no values, and mark those times', () => {
    const svg = linesSvg({ ...lines('cpu'), series: [{ name: 'cpu', values: [0.1, null, 0.3] }] }, 'cpu')
    expect(svg.match(/class="dot/g)).toHaveLength(2)
    expect(svg.match(/class="gap"/g)).toHaveLength(1)
  })

  it('have axes of round numbers, shares against the whole when they come near to it', () => {
    expect(axisOf('ratio', 0.85, null).ticks.map(({ label }) => label)).toEqual([
      '0 %',
      '25 %',
      '50 %',
      '75 %',
      '100 %'
    ])
    expect(axisOf('bytes', 1, 64 * 1024 ** 3).ticks.at(-1)?.label).toBe('64 GiB')
    expect(axisOf('ratio', 0.001, null).max).toBeCloseTo(0.1)
  })

  it('say in words what they show', () => {
    const html = written(
      document([{ kind: 'charts', charts: [{ kind: 'lines', title: 'CPU', note: '', lines: lines('cpu') }] }])
    )
    expect(html).toContain('cpu: 10.0\u00a0% – 30.0\u00a0%')
  })
})

describe('numbers', () => {
  it('have units, and what is not known is no number', () => {
    expect(quantity('bytes', 1023.9 * 1024)).toBe('1.0\u00a0MiB')
    expect(quantity('bitsPerSec', 12_500_000)).toBe('100\u00a0Mb/s')
    expect(quantity('count', 12_345)).toBe('12\u202f345')
    expect(quantity('ratio', null)).toBe('—')
    expect(quantity('ratio', -0.00001)).toBe('0.0\u00a0%')
  })

  it('differ in points or in percent, and not at all where one is not known', () => {
    expect(change('ratio', 0.45, 0.4)).toEqual({ direction: 'up', text: '5.0\u00a0points' })
    expect(change('bytes', 50, 100)).toEqual({ direction: 'down', text: '50.0\u00a0%' })
    expect(change('bytes', 50, 0)).toBeNull()
    expect(change('ratio', null, 0.4)).toBeNull()
    expect(change('ratio', 0.4, 0.4001)).toEqual({ direction: 'same', text: '0.0\u00a0points' })
  })
})
