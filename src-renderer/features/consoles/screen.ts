/** One xterm.js screen, contained: what a guest prints can draw text and nothing else. */
import { FitAddon } from '@xterm/addon-fit'
import { Terminal, type ITheme } from '@xterm/xterm'
import '@xterm/xterm/css/xterm.css'
import { copyText } from '../../ui/copy-text.ts'
import { pastable } from './keyboard.ts'

/** Sequences that would reach beyond the screen: title, icon, links, clipboard, notifications, iTerm's own, directory. */
const REFUSED_OSC = [0, 1, 2, 7, 8, 9, 52, 99, 133, 777, 1337]
const SCROLLBACK_LINES = 5_000
const FONT = '"JetBrains Mono Variable"'

export interface Screen {
  /** Moved into whatever shows it. */
  readonly element: HTMLElement
  readonly terminal: Terminal
  /** Resolves when it is drawn into the buffer: whoever writes waits, and so does the guest. */
  write(bytes: Uint8Array | string): Promise<void>
  /** Draws it at its place; columns and rows follow the place's size. */
  fit(): void
  setTheme(theme: ITheme): void
  dispose(): void
}

/** @param label read out for the place that takes the keys */
export function createScreen(options: { label: string; theme: ITheme }): Screen {
  const element = document.createElement('div')
  element.className = 'h-full w-full'
  const terminal = new Terminal({
    cols: 80,
    rows: 24,
    scrollback: SCROLLBACK_LINES,
    fontFamily: `${FONT}, ui-monospace, 'Noto Sans Mono CJK SC', monospace`,
    fontSize: 13,
    theme: options.theme,
    cursorBlink: false,
    macOptionIsMeta: true,
    // A link of the guest's is text: nothing is opened.
    linkHandler: { activate: () => undefined }
  })
  for (const id of REFUSED_OSC) terminal.parser.registerOscHandler(id, () => true)
  const fitting = new FitAddon()
  terminal.loadAddon(fitting)
  terminal.attachCustomKeyEventHandler((event) => keepsKey(terminal, event))
  element.addEventListener('paste', (event) => paste(terminal, event), { capture: true })
  let isOpen = false

  return {
    element,
    terminal,
    write: (bytes) => new Promise((resolve) => terminal.write(bytes, resolve)),
    fit() {
      if (!element.isConnected || element.clientWidth === 0) return
      if (!isOpen) {
        isOpen = true
        terminal.open(element)
        terminal.textarea?.setAttribute('aria-label', options.label)
        // Its cells are measured with the font of the moment.
        void document.fonts.load(`13px ${FONT}`).then(() => {
          terminal.options.fontFamily = `${FONT}, ui-monospace, 'Noto Sans Mono CJK SC', monospace `
          if (element.isConnected) fitting.fit()
        })
      }
      fitting.fit()
    },
    setTheme: (theme) => (terminal.options.theme = theme),
    dispose: () => terminal.dispose()
  }
}

/** Ctrl+Shift+C copies; Ctrl+Shift+V is the browser's own paste, which comes as an event. */
function keepsKey(terminal: Terminal, event: KeyboardEvent): boolean {
  if (!event.ctrlKey || !event.shiftKey || event.altKey) return true
  if (event.code === 'KeyV') return false
  if (event.code !== 'KeyC') return true
  event.preventDefault()
  if (event.type === 'keydown' && terminal.hasSelection()) {
    copyText(terminal.getSelection()).catch((error: unknown) => console.warn('not copied', error))
  }
  return false
}

function paste(terminal: Terminal, event: ClipboardEvent): void {
  event.preventDefault()
  event.stopPropagation()
  terminal.paste(pastable(event.clipboardData?.getData('text/plain') ?? ''))
}
