/** Keys by their place on a US keyboard (`KeyboardEvent.code`), as the scan codes of a PC's keyboard, set 1. */

/** Of the plain keys. */
const PLAIN: Readonly<Record<string, number>> = {
  Escape: 0x01,
  Minus: 0x0c,
  Equal: 0x0d,
  Backspace: 0x0e,
  Tab: 0x0f,
  BracketLeft: 0x1a,
  BracketRight: 0x1b,
  Enter: 0x1c,
  ControlLeft: 0x1d,
  Semicolon: 0x27,
  Quote: 0x28,
  Backquote: 0x29,
  ShiftLeft: 0x2a,
  Backslash: 0x2b,
  Comma: 0x33,
  Period: 0x34,
  Slash: 0x35,
  ShiftRight: 0x36,
  NumpadMultiply: 0x37,
  AltLeft: 0x38,
  Space: 0x39,
  CapsLock: 0x3a,
  NumLock: 0x45,
  ScrollLock: 0x46,
  Numpad7: 0x47,
  Numpad8: 0x48,
  Numpad9: 0x49,
  NumpadSubtract: 0x4a,
  Numpad4: 0x4b,
  Numpad5: 0x4c,
  Numpad6: 0x4d,
  NumpadAdd: 0x4e,
  Numpad1: 0x4f,
  Numpad2: 0x50,
  Numpad3: 0x51,
  Numpad0: 0x52,
  NumpadDecimal: 0x53,
  IntlBackslash: 0x56,
  F11: 0x57,
  F12: 0x58,
  NumpadEqual: 0x59,
  KanaMode: 0x70,
  IntlRo: 0x73,
  Convert: 0x79,
  NonConvert: 0x7b,
  IntlYen: 0x7d,
  NumpadComma: 0x7e
}

/** Of the keys that came later: they have E0 before them. */
const EXTENDED: Readonly<Record<string, number>> = {
  MediaTrackPrevious: 0x10,
  MediaTrackNext: 0x19,
  NumpadEnter: 0x1c,
  ControlRight: 0x1d,
  AudioVolumeMute: 0x20,
  MediaPlayPause: 0x22,
  MediaStop: 0x24,
  AudioVolumeDown: 0x2e,
  AudioVolumeUp: 0x30,
  NumpadDivide: 0x35,
  PrintScreen: 0x37,
  AltRight: 0x38,
  Home: 0x47,
  ArrowUp: 0x48,
  PageUp: 0x49,
  ArrowLeft: 0x4b,
  ArrowRight: 0x4d,
  End: 0x4f,
  ArrowDown: 0x50,
  PageDown: 0x51,
  Insert: 0x52,
  Delete: 0x53,
  MetaLeft: 0x5b,
  MetaRight: 0x5c,
  ContextMenu: 0x5d
}

const ROWS: readonly (readonly [first: number, codes: readonly string[]])[] = [
  [0x02, [...'1234567890'].map((digit) => `Digit${digit}`)],
  [0x10, [...'QWERTYUIOP'].map((letter) => `Key${letter}`)],
  [0x1e, [...'ASDFGHJKL'].map((letter) => `Key${letter}`)],
  [0x2c, [...'ZXCVBNM'].map((letter) => `Key${letter}`)],
  [0x3b, Array.from({ length: 10 }, (_, index) => `F${index + 1}`)]
]

const EXTENSION = 0xe0
const RELEASED = 0x80

interface ScanCode {
  readonly down: number
  readonly up: number
}

const codes = new Map<string, ScanCode>()
const plain = (code: string, scan: number): void => void codes.set(code, { down: scan, up: scan | RELEASED })
for (const [code, scan] of Object.entries(PLAIN)) plain(code, scan)
for (const [first, row] of ROWS) row.forEach((code, index) => plain(code, first + index))
for (const [code, scan] of Object.entries(EXTENDED))
  codes.set(code, { down: EXTENSION | (scan << 8), up: EXTENSION | ((scan | RELEASED) << 8) })
// The only key with three bytes.
codes.set('Pause', { down: 0x451de1, up: 0xc59de1 })

/** What goes over the wire for a key, its first byte lowest; null: a key that a PC does not have. */
export const scanCodeOf = (code: string): ScanCode | null => codes.get(code) ?? null
