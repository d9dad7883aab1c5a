/** Keys for a guest: combinations that the workstation keeps to itself, and text typed key by key. Pure. */

/** X11 keysym, and the name of the key on a US keyboard (what QEMU makes a scan code of). */
export interface Key {
  readonly keysym: number
  readonly code: string
}

export const KEYS = {
  control: { keysym: 0xffe3, code: 'ControlLeft' },
  alt: { keysym: 0xffe9, code: 'AltLeft' },
  shift: { keysym: 0xffe1, code: 'ShiftLeft' },
  meta: { keysym: 0xffeb, code: 'MetaLeft' },
  delete: { keysym: 0xffff, code: 'Delete' },
  backspace: { keysym: 0xff08, code: 'Backspace' },
  escape: { keysym: 0xff1b, code: 'Escape' },
  tab: { keysym: 0xff09, code: 'Tab' },
  enter: { keysym: 0xff0d, code: 'Enter' },
  print: { keysym: 0xff61, code: 'PrintScreen' }
} as const satisfies Record<string, Key>

export const functionKey = (number: number): Key => ({ keysym: 0xffbd + number, code: `F${number}` })

export interface Stroke {
  readonly key: Key
  readonly shift: boolean
}

const LETTER = /^[a-z]$/i
const PLAIN: Readonly<Record<string, string>> = {
  '-': 'Minus',
  '=': 'Equal',
  '[': 'BracketLeft',
  ']': 'BracketRight',
  ';': 'Semicolon',
  "'": 'Quote',
  '`': 'Backquote',
  '\\': 'Backslash',
  ',': 'Comma',
  '.': 'Period',
  '/': 'Slash',
  ' ': 'Space'
}
const SHIFTED: Readonly<Record<string, string>> = {
  '!': 'Digit1',
  '@': 'Digit2',
  '#': 'Digit3',
  $: 'Digit4',
  '%': 'Digit5',
  '^': 'Digit6',
  '&': 'Digit7',
  '*': 'Digit8',
  '(': 'Digit9',
  ')': 'Digit0',
  _: 'Minus',
  '+': 'Equal',
  '{': 'BracketLeft',
  '}': 'BracketRight',
  ':': 'Semicolon',
  '"': 'Quote',
  '~': 'Backquote',
  '|': 'Backslash',
  '<': 'Comma',
  '>': 'Period',
  '?': 'Slash'
}

/** How a character is typed on a US keyboard; null: it has no key there. */
export function strokeOf(character: string): Stroke | null {
  if (character === '\n') return { key: KEYS.enter, shift: false }
  if (character === '\t') return { key: KEYS.tab, shift: false }
  const keysym = character.codePointAt(0) ?? 0
  if (LETTER.test(character))
    return { key: { keysym, code: `Key${character.toUpperCase()}` }, shift: character < 'a' }
  if (/^\d$/.test(character)) return { key: { keysym, code: `Digit${character}` }, shift: false }
  const plain = Object.hasOwn(PLAIN, character) ? PLAIN[character] : undefined
  if (plain !== undefined) return { key: { keysym, code: plain }, shift: false }
  const shifted = Object.hasOwn(SHIFTED, character) ? SHIFTED[character] : undefined
  return shifted === undefined ? null : { key: { keysym, code: shifted }, shift: true }
}

/** Characters of a text that cannot be typed, each once. */
export const untypable = (text: string): string[] => [
  ...new Set([...text.replaceAll('\r', '')].filter((character) => strokeOf(character) === null))
]

/** What is pasted into a terminal: no control but line ends and tabs, so that no text can end a "paste" of a shell. */
export const pastable = (text: string): string => text.replace(/\r\n?/g, '\n').replace(/[^\P{Cc}\n\t]/gu, '')
