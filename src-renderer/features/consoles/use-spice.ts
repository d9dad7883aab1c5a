/** A VM's SPICE display: a session over the console's link, drawn on a canvas. */
import { AppError } from '#contract/errors.ts'
import { ref, shallowRef, watch } from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'
import { useConsoleLink } from './console-link.ts'
import { decodeJpeg } from './decode-jpeg.ts'
import { MAX_GUEST_TEXT_CHARS, type Display, type DisplayOptions, type Keyboard } from './display.ts'
import { SpiceCanvas } from './spice-canvas.ts'
import { listenTo, type PointerHold } from './spice-input.ts'
import type { Inputs } from './spice/inputs.ts'
import { runSession, type SessionControls } from './spice/session.ts'

export function useSpice(options: DisplayOptions): Display {
  const rpc = useRpc()
  const screen = shallowRef<SpiceCanvas | null>(null)
  const controls = shallowRef<SessionControls | null>(null)
  const keyboard = shallowRef<Keyboard | null>(null)
  const password = ref<'none' | 'asked' | 'wrong'>('none')
  const guestText = ref('')
  const sizePx = shallowRef({ widthPx: 0, heightPx: 0 })
  const undrawn = ref(0)
  const holdsPointer = ref(false)
  let answer: ((password: string) => void) | null = null

  async function run(signal: AbortSignal, opened: () => void): Promise<void> {
    let given = ''
    while (!signal.aborted) {
      try {
        await attempt(given, signal, opened)
        return
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== 'passwordNeeded') throw error
      }
      password.value = given === '' ? 'asked' : 'wrong'
      given = await askedPassword(signal)
      password.value = 'none'
    }
  }

  /** As long as it takes. */
  function askedPassword(signal: AbortSignal): Promise<string> {
    return new Promise((resolve, reject) => {
      answer = resolve
      const leave = (): void => {
        password.value = 'none'
        reject(new AppError('cancelled'))
      }
      if (signal.aborted) leave()
      else signal.addEventListener('abort', leave, { once: true })
    })
  }

  async function attempt(given: string, signal: AbortSignal, opened: () => void): Promise<void> {
    const target = options.target.value
    if (target === null || signal.aborted) return
    const life = new AbortController()
    const ends = AbortSignal.any([signal, life.signal])
    const canvas = new SpiceCanvas(target, options.label())
    const hold: PointerHold = { mode: 'absolute' }
    canvas.setFits(options.fits())
    undrawn.value = 0
    try {
      await runSession({
        open: (channel) => rpc.channel('consoles.spice', { ...options.vm(), channel }, { signal: ends }),
        password: given,
        viewOnly: options.viewOnly(),
        decodeJpeg,
        events: {
          opened(now) {
            controls.value = now
            if (now.inputs !== null) {
              keyboard.value = keyboardOf(now.inputs)
              listenTo(canvas, now.inputs, hold, ends)
            }
            screen.value = canvas
            opened()
          },
          shown(view) {
            canvas.show(view)
            if (view !== null) sizePx.value = canvas.sizePx
          },
          drawn: (area) => canvas.drawn(area),
          undrawn: (count) => (undrawn.value = count),
          shape: (shape) => canvas.setShape(shape),
          moved: (to) => canvas.movePointer(to),
          pointerMode(mode) {
            hold.mode = mode
            holdsPointer.value = mode === 'relative' && !options.viewOnly()
            canvas.setPointerMode(mode)
          },
          agent: () => undefined,
          guestText: (text) => (guestText.value = text.slice(0, MAX_GUEST_TEXT_CHARS))
        }
      })
    } finally {
      life.abort()
      controls.value = keyboard.value = screen.value = null
      holdsPointer.value = false
      canvas.dispose()
    }
  }

  const link = useConsoleLink({ wanted: options.wanted, run })
  watch(options.fits, (fits) => screen.value?.setFits(fits))
  // The engine lets other things through then.
  watch(options.viewOnly, () => {
    if (options.wanted()) link.retry()
  })
  return {
    ...link,
    keyboard,
    password,
    guestText,
    sizePx,
    undrawn,
    holdsPointer,
    sendPassword: (text) => answer?.(text),
    offerText: (text) => controls.value?.offerText(text),
    focus: () => screen.value?.canvas.focus()
  }
}

function keyboardOf(inputs: Inputs): Keyboard {
  return {
    sendKey(_keysym, code, down) {
      if (code === null) return
      if (down !== false) inputs.key(code, true)
      if (down !== true) inputs.key(code, false)
    }
  }
}
