/**
 * A report as one HTML file: no script, nothing from outside, so that it opens from a disk without a network for as long as
 * there are browsers. It comes in pieces, so that whoever writes it may rest in between.
 */
import type { Block, Cell, Chart, Column, LayoutWords, ReportDocument, Table, Tile } from './document.ts'
import { escapeText } from './escape.ts'
import type { Change } from './quantity.ts'
import { REPORT_STYLE } from './style.ts'
import { linesSummary, linesSvg } from './svg-lines.ts'
import { heatSvg, pieSvg } from './svg-shapes.ts'

/** Even if a text slipped through: no script runs, nothing is fetched, nothing is sent, it stands in no frame's form. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

export function* reportHtml(document: ReportDocument): Generator<string> {
  const { words } = document
  yield head(document)
  let isOpen = false
  for (const block of document.blocks) {
    if (block.kind === 'section' || block.kind === 'server') {
      if (isOpen) yield '</section>\n'
      isOpen = true
      yield sectionHead(block)
    } else yield blockHtml(block, words)
  }
  if (isOpen) yield '</section>\n'
  yield '</main></body></html>\n'
}

function head({ title, subtitle, brand, facts }: ReportDocument): string {
  const rows = facts.map(
    ([name, value]) => `<div><dt>${escapeText(name)}</dt><dd>${escapeText(value)}</dd></div>`
  )
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${escapeText(`${title} – ${subtitle}`)}</title>
<style>${REPORT_STYLE}</style></head>
<body><main>
<header><p class="brand">${escapeText(brand)}</p><h1>${escapeText(title)}</h1><p class="subtitle">${escapeText(subtitle)}</p>
<dl class="facts">${rows.join('')}</dl></header>
`
}

function sectionHead(block: Extract<Block, { kind: 'section' | 'server' }>): string {
  const id = escapeText(block.id)
  if (block.kind === 'server')
    return `<section class="server" id="${id}"><h3><bdi>${escapeText(block.text)}</bdi></h3><p class="note">${escapeText(block.note)}</p>\n`
  const className = block.newPage === true ? ' class="new-page"' : ''
  return `<section${className} id="${id}"><h2>${escapeText(block.text)}</h2>\n`
}

type Content = Exclude<Block, { kind: 'section' | 'server' }>

function blockHtml(block: Content, words: LayoutWords): string {
  switch (block.kind) {
    case 'text':
      return `<p class="note">${escapeText(block.text)}</p>\n`
    case 'contents': {
      const links = block.links.map(
        ({ id, text }) => `<li><a href="#${escapeText(id)}">${escapeText(text)}</a></li>`
      )
      return `<nav class="contents" aria-label="${escapeText(words.contents)}"><ol>${links.join('')}</ol></nav>\n`
    }
    case 'tiles':
      return `<div class="tiles">${block.tiles.map((tile) => tileHtml(tile, words)).join('')}</div>\n`
    case 'table':
      return tableHtml(block.table, words)
    case 'charts':
      return chartsHtml(block.charts, words)
  }
}

function tileHtml({ label, value, note, change }: Tile, words: LayoutWords): string {
  return (
    `<div class="tile"><p class="label">${escapeText(label)}</p><p class="value">${escapeText(value)}</p>` +
    `<p class="below">${changeHtml(change, words)}${escapeText(note)}</p></div>`
  )
}

/** The arrow is a sign with a word behind it: more is neither good nor bad by itself, so it has no colour. */
function changeHtml(change: Change | null | undefined, words: LayoutWords): string {
  if (change === null || change === undefined) return ''
  const sign = { up: '▲', down: '▼', same: '=' }[change.direction]
  const word = words[change.direction]
  const text = change.direction === 'same' ? '' : ` ${escapeText(change.text)}`
  return `<span class="change" role="img" aria-label="${escapeText(`${word} ${change.text}`)}">${sign}${text}</span> `
}

function tableHtml({ caption, columns, rows, foot }: Table, words: LayoutWords): string {
  const body = rows.map((row) => `<tr>${cells(row, columns, words)}</tr>`).join('\n')
  const last = foot === undefined ? '' : `<tfoot><tr>${cells(foot, columns, words)}</tr></tfoot>`
  return (
    `<div class="table"><table><caption>${escapeText(caption)}</caption><thead>${tableHead(columns)}</thead>` +
    `<tbody>${body}</tbody>${last}</table></div>\n`
  )
}

function tableHead(columns: readonly Column[]): string {
  const names = columns.map(({ name, align }) => `<th scope="col" class="${align}">${escapeText(name)}</th>`)
  if (columns.every(({ group }) => group === undefined)) return `<tr>${names.join('')}</tr>`
  const groups: { text: string; span: number }[] = []
  for (const { group = '' } of columns) {
    const last = groups.at(-1)
    if (last?.text === group && group !== '') last.span++
    else groups.push({ text: group, span: 1 })
  }
  const over = groups.map(({ text, span }) =>
    text === ''
      ? '<td></td>'
      : `<th scope="colgroup" colspan="${span}" class="group">${escapeText(text)}</th>`
  )
  return `<tr>${over.join('')}</tr><tr>${names.join('')}</tr>`
}

function cells(row: readonly Cell[], columns: readonly Column[], words: LayoutWords): string {
  return row
    .map((cell, index) => cellHtml(cell, columns[index]?.align ?? 'start', index === 0, words))
    .join('')
}

function cellHtml(cell: Cell, align: string, isFirst: boolean, words: LayoutWords): string {
  const { text, change, link, tone } = typeof cell === 'string' ? { text: cell } : cell
  const shown = `<bdi>${escapeText(text)}</bdi>`
  const inner = link === undefined ? shown : `<a href="#${escapeText(link)}">${shown}</a>`
  const className = tone === undefined ? align : `${align} ${tone}`
  const below = change === null || change === undefined ? '' : `<br>${changeHtml(change, words)}`
  return isFirst
    ? `<th scope="row" class="${className}">${inner}${below}</th>`
    : `<td class="${className}">${inner}${below}</td>`
}

function chartsHtml(charts: readonly Chart[], words: LayoutWords): string {
  const pies = charts.filter((chart) => chart.kind === 'pie')
  const others = charts.filter((chart) => chart.kind !== 'pie')
  const grid = others.map((chart, index) =>
    chartHtml(chart, words, others.length % 2 === 1 && index === others.length - 1)
  )
  const beside =
    pies.length === 0
      ? ''
      : `<div class="pies">${pies.map((pie) => chartHtml(pie, words, false)).join('')}</div>`
  return `<div class="charts${pies.length === 0 ? '' : ' with-pies'}"><div class="grid">${grid.join('')}</div>${beside}</div>\n`
}

function chartHtml(chart: Chart, words: LayoutWords, wide: boolean): string {
  const caption = (legend: string): string =>
    `<figcaption><span>${escapeText(chart.title)}</span>${legend}<small>${escapeText(chart.note)}</small></figcaption>`
  switch (chart.kind) {
    case 'lines': {
      const { series } = chart.lines
      const legend =
        series.length < 2
          ? ''
          : series.map(({ name }, index) => `<b class="key k${index % 4}">${escapeText(name)}</b>`).join('')
      const summary = linesSummary(chart.lines, chart.title, words.noValues)
      return `<figure${wide ? ' class="wide"' : ''}>${caption(legend)}${linesSvg(chart.lines, summary, wide)}</figure>`
    }
    case 'pie': {
      const rows = chart.pie.parts.map(
        ({ name, text }, index) =>
          `<li><i class="swatch w${Math.min(index, 3)}"></i>${escapeText(name)} <span>${escapeText(text)}</span></li>`
      )
      return `<figure>${caption('')}${pieSvg(chart.pie, chart.title)}<ul class="parts">${rows.join('')}</ul></figure>`
    }
    case 'heat': {
      const steps = Array.from({ length: 8 }, (_, step) => `<i class="f${step}"></i>`).join('')
      const scale = `<p class="scale">${escapeText(chart.heat.least)} ${steps} ${escapeText(chart.heat.most)}</p>`
      return `<figure class="wide">${caption('')}${heatSvg(chart.heat, chart.title)}${scale}</figure>`
    }
  }
}
