/** The sixteen colours of a terminal in both themes; the rest are the window's tokens. */
import type { ITheme } from '@xterm/xterm'
import type { ThemeColors } from '../../ui/index.ts'

const DARK: ITheme = {
  black: '#3b4456',
  red: '#f9827e',
  green: '#3ec488',
  yellow: '#f2ae42',
  blue: '#7ba2ff',
  magenta: '#b48cf2',
  cyan: '#4fc3c7',
  white: '#c6cddb',
  brightBlack: '#848fa3',
  brightRed: '#ffa29f',
  brightGreen: '#6fdcae',
  brightYellow: '#ffc871',
  brightBlue: '#a3bfff',
  brightMagenta: '#cdb1fa',
  brightCyan: '#83dde0',
  brightWhite: '#f4f6fb'
}
const LIGHT: ITheme = {
  black: '#151b27',
  red: '#b92521',
  green: '#0c6f43',
  yellow: '#875500',
  blue: '#2558d4',
  magenta: '#7d4fd1',
  cyan: '#0b757a',
  white: '#616c80',
  brightBlack: '#525d71',
  brightRed: '#cc2e2a',
  brightGreen: '#138a55',
  brightYellow: '#b06f00',
  brightBlue: '#2d62e8',
  brightMagenta: '#8f63dd',
  brightCyan: '#0e8f95',
  brightWhite: '#7d889b'
}

export const terminalTheme = (colors: ThemeColors): ITheme => ({
  ...(colors.dark ? DARK : LIGHT),
  background: colors.surface1,
  foreground: colors.text1,
  cursor: colors.accent,
  cursorAccent: colors.surface1,
  selectionBackground: colors.dark ? '#2b4377' : '#c4d5fb'
})
