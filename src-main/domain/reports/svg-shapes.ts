/** Pies and heat maps as SVG text. */
import type { HeatMap, PieChart } from './document.ts'
import { escapeText } from './escape.ts'

const place = (value: number): string => String(Math.round(value * 100) / 100)

const SIZE = 96
const OUTER = 44
const INNER = 29

/** A ring of shares, from twelve o'clock on. */
export function pieSvg(pie: PieChart, title: string): string {
  const whole = pie.parts.reduce((sum, { value }) => sum + value, 0)
  const summary = `${title}. ${pie.parts.map(({ name, text }) => `${name}: ${text}`).join('; ')}`
  let from = 0
  let drawn = ''
  for (const [index, { value }] of pie.parts.entries()) {
    const share = whole > 0 ? value / whole : 0
    drawn += ring(from, from + share, index)
    from += share
  }
  return (
    `<svg viewBox="0 0 ${SIZE} ${SIZE}" role="img" class="pie"><title>${escapeText(summary)}</title>${drawn}` +
    `<text x="48" y="52" text-anchor="middle" class="headline">${escapeText(pie.headline)}</text></svg>`
  )
}

function ring(from: number, to: number, index: number): string {
  if (to <= from) return ''
  const className = `class="p${Math.min(index, 3)}"`
  if (to - from > 0.9999) {
    const middle = (OUTER + INNER) / 2
    return `<circle ${className} cx="48" cy="48" r="${middle}" style="fill:none;stroke-width:${OUTER - INNER}"/>`
  }
  const at = (share: number, radius: number): string => {
    const angle = share * 2 * Math.PI
    return `${place(48 + radius * Math.sin(angle))} ${place(48 - radius * Math.cos(angle))}`
  }
  const large = to - from > 0.5 ? 1 : 0
  return (
    `<path ${className} d="M${at(from, OUTER)}A${OUTER} ${OUTER} 0 ${large} 1 ${at(to, OUTER)}` +
    `L${at(to, INNER)}A${INNER} ${INNER} 0 ${large} 0 ${at(from, INNER)}Z"/>`
  )
}

const CELL = 26
const ROW = 20
const NAMES = 36
const STEPS = 8

/** Darker is more; a cell without values is crossed out. */
export function heatSvg(heat: HeatMap, title: string): string {
  const { rows, columns, values, texts } = heat
  const width = NAMES + columns.length * CELL
  const height = 16 + rows.length * ROW
  const known = values.filter((value) => value !== null)
  const most = Math.max(0, ...known)
  const least = known.length === 0 ? 0 : Math.min(...known)
  const shade = (value: number): number =>
    most > least ? Math.min(STEPS - 1, Math.floor(((value - least) / (most - least)) * STEPS)) : 0
  let drawn = ''
  for (const [row, name] of rows.entries()) {
    const y = 16 + row * ROW
    drawn += `<text x="0" y="${y + 13}">${escapeText(name)}</text>`
    for (let column = 0; column < columns.length; column++) {
      const index = row * columns.length + column
      const value = values[index] ?? null
      const x = NAMES + column * CELL
      const className = value === null ? 'none' : `h${shade(value)}`
      drawn +=
        `<rect class="${className}" x="${x}" y="${y}" width="${CELL - 2}" height="${ROW - 2}">` +
        `<title>${escapeText(texts[index] ?? '')}</title></rect>`
      if (value === null) drawn += `<path class="cross" d="M${x} ${y + ROW - 2}L${x + CELL - 2} ${y}"/>`
    }
  }
  for (const [column, name] of columns.entries())
    if (column % 2 === 0)
      drawn += `<text x="${NAMES + column * CELL + (CELL - 2) / 2}" y="10" text-anchor="middle">${escapeText(name)}</text>`
  return `<svg viewBox="0 0 ${width} ${height}" role="img" class="heat"><title>${escapeText(title)}</title>${drawn}</svg>`
}
