/** What the menu of keys offers, and the typing of whole texts. */
import type { MenuItem } from '../../ui/index.ts'
import type { Keyboard } from './display.ts'
import { functionKey, KEYS, strokeOf, type Key } from './keyboard.ts'

const { control, alt, meta } = KEYS
const COMBOS: readonly (readonly [label: string, keys: readonly Key[]])[] = [
  ['Ctrl + Alt + Del', [control, alt, KEYS.delete]],
  ['Ctrl + Alt + Backspace', [control, alt, KEYS.backspace]],
  ['Alt + Tab', [alt, KEYS.tab]],
  ['Alt + F4', [alt, functionKey(4)]],
  ['Ctrl + Esc', [control, KEYS.escape]],
  ['Super', [meta]],
  ['Print', [KEYS.print]],
  ...[1, 2, 3, 7].map((number): [string, Key[]] => [
    `Ctrl + Alt + F${number}`,
    [control, alt, functionKey(number)]
  ])
]

/** Down in order, up in the reverse one. */
export function pressTogether(keyboard: Keyboard, keys: readonly Key[]): void {
  for (const { keysym, code } of keys) keyboard.sendKey(keysym, code, true)
  for (const { keysym, code } of keys.toReversed()) keyboard.sendKey(keysym, code, false)
}

export function keysMenu(
  headings: { readonly combos: string; readonly function: string },
  press: (keys: readonly Key[]) => void
): MenuItem[] {
  const item = (label: string, keys: readonly Key[]): MenuItem => ({
    id: label,
    label,
    onSelect: () => press(keys)
  })
  return [
    { id: 'combos', heading: headings.combos },
    ...COMBOS.map(([label, keys]) => item(label, keys)),
    { id: 'function', heading: headings.function },
    ...Array.from({ length: 12 }, (_, index) => item(`F${index + 1}`, [functionKey(index + 1)]))
  ]
}

/** QEMU keeps sixteen keys of a PS/2 keyboard; what comes faster is lost. */
const STROKE_MS = 12

/** Types what has a key; resolves with how many characters were typed. */
export async function typeText(
  keyboard: () => Keyboard | null,
  text: string,
  options: { readonly signal: AbortSignal; readonly onTyped: (done: number, total: number) => void }
): Promise<void> {
  const strokes = [...text].map(strokeOf).filter((stroke) => stroke !== null)
  for (const [index, { key, shift }] of strokes.entries()) {
    const connected = keyboard()
    if (connected === null || options.signal.aborted) return
    pressTogether(connected, shift ? [KEYS.shift, key] : [key])
    options.onTyped(index + 1, strokes.length)
    await new Promise((resolve) => setTimeout(resolve, STROKE_MS))
  }
}
