/** Colours of a chart. Read from the tokens of the window; the values here stand in where there is no document (tests). */
export interface ChartTheme {
  readonly surface: string
  readonly line: string
  readonly band: string
  readonly text1: string
  readonly text3: string
  readonly red: string
  readonly amber: string
  /** Seven: the five of the design and two mixed from them, for the kinds of CPU time. */
  readonly series: readonly string[]
  readonly font: string
  /** How strongly an area is filled under its line. */
  readonly fillOpacity: number
}

const font = "'Inter Variable', Inter, system-ui, 'Noto Sans CJK SC', sans-serif"

export const darkTheme: ChartTheme = {
  surface: '#11151d',
  line: '#222a37',
  band: '#1b212d',
  text1: '#e7ebf3',
  text3: '#848fa3',
  red: '#f35b57',
  amber: '#f2ae42',
  series: ['#6a96ff', '#4fc3c7', '#b48cf2', '#f2ae42', '#7d8aa0', '#8fd694', '#e58fb1'],
  font,
  fillOpacity: 0.22
}

export const lightTheme: ChartTheme = {
  surface: '#ffffff',
  line: '#e2e6ed',
  band: '#f1f3f7',
  text1: '#151b27',
  text3: '#616c80',
  red: '#cc2e2a',
  amber: '#b06f00',
  series: ['#2d62e8', '#0e8f95', '#7d4fd1', '#c98208', '#8893a6', '#3f8f46', '#b94a78'],
  font,
  fillOpacity: 0.2
}

/** The colour of a line, by its place (0..6, then again from the start). */
export const seriesColour = (theme: ChartTheme, place: number): string =>
  theme.series[place % theme.series.length] ?? theme.text1

/** Beyond the last colour they begin again, dashed: so that twelve lines of a comparison can be told apart. */
export const isDashed = (theme: ChartTheme, place: number): boolean => place >= theme.series.length

/** The theme as the tokens of the document give it. `dark` chooses what the tokens do not hold. */
export function readChartTheme(element: Element, dark: boolean): ChartTheme {
  const base = dark ? darkTheme : lightTheme
  const style = getComputedStyle(element)
  const token = (name: string, otherwise: string): string => style.getPropertyValue(name).trim() || otherwise
  return {
    ...base,
    surface: token('--surface-1', base.surface),
    line: token('--line', base.line),
    text1: token('--text-1', base.text1),
    text3: token('--text-3', base.text3),
    red: token('--red', base.red),
    amber: token('--amber', base.amber),
    series: base.series.map((colour, place) => (place < 5 ? token(`--series-${place + 1}`, colour) : colour)),
    font: token('--font-ui', base.font)
  }
}
