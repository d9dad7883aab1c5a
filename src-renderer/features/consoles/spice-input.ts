/** Keys and pointer of the page, for a SPICE display. */
import type { SpiceCanvas } from './spice-canvas.ts'
import { LOCK, type Inputs, type PointerButton } from './spice/inputs.ts'
import type { PointerMode } from './spice/main.ts'

const BUTTONS: readonly PointerButton[] = ['left', 'middle', 'right', 'side', 'extra']
const LOCK_KEYS = new Set(['CapsLock', 'NumLock', 'ScrollLock'])
/** So far is one step of a wheel; touchpads send many small ones. */
const WHEEL_STEP_PX = 50
const WHEEL_LINE_PX = 20
/** One event, however far: what a guest would scroll for seconds is nobody's wish. */
const MAX_WHEEL_STEPS = 10

export interface PointerHold {
  mode: PointerMode
}

/**
 * Listens on the canvas until the signal ends. Where the guest has no absolute pointer, a click makes the display hold the
 * workstation's; leaving the canvas lets it go.
 */
export function listenTo(screen: SpiceCanvas, inputs: Inputs, hold: PointerHold, signal: AbortSignal): void {
  const { canvas } = screen
  const on = <K extends keyof HTMLElementEventMap>(
    name: K,
    handle: (event: HTMLElementEventMap[K]) => void,
    options: AddEventListenerOptions = {}
  ): void => canvas.addEventListener(name, handle, { ...options, signal })
  const isHeld = (): boolean => document.pointerLockElement === canvas
  let locksAreKnown = false

  on('focus', () => (locksAreKnown = false))
  on('blur', () => {
    inputs.releaseAll()
    if (isHeld()) document.exitPointerLock()
  })
  on('keydown', (event) => {
    event.preventDefault()
    if (!locksAreKnown && !LOCK_KEYS.has(event.code)) {
      locksAreKnown = true
      inputs.setLocks(locksOf(event))
    }
    inputs.key(event.code, true)
  })
  on('keyup', (event) => {
    event.preventDefault()
    inputs.key(event.code, false)
  })
  on('mousemove', (event) => {
    if (hold.mode === 'absolute') inputs.moveTo(screen.pointOf(event))
    else if (isHeld()) inputs.moveBy({ x: event.movementX, y: event.movementY })
  })
  on('mousedown', (event) => {
    event.preventDefault()
    canvas.focus()
    const button = BUTTONS[event.button]
    if (hold.mode === 'relative' && !isHeld()) {
      // Refused for a second after it was let go by Esc: the next click has it.
      canvas.requestPointerLock().catch(() => undefined)
      return
    }
    if (hold.mode === 'absolute') inputs.moveTo(screen.pointOf(event))
    if (button !== undefined) inputs.button(button, true)
  })
  // On the window: a button may be let go beyond the canvas.
  window.addEventListener(
    'mouseup',
    (event) => {
      const button = BUTTONS[event.button]
      if (button !== undefined && inputs.isPressed(button)) inputs.button(button, false)
    },
    { signal }
  )
  on('contextmenu', (event) => event.preventDefault())
  let wheelPx = 0
  on(
    'wheel',
    (event) => {
      event.preventDefault()
      if (hold.mode === 'relative' && !isHeld()) return
      wheelPx += event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? event.deltaY : event.deltaY * WHEEL_LINE_PX
      const steps = Math.min(MAX_WHEEL_STEPS, Math.floor(Math.abs(wheelPx) / WHEEL_STEP_PX))
      const button = wheelPx < 0 ? 'wheelUp' : 'wheelDown'
      if (steps > 0) wheelPx = 0
      for (let step = 0; step < steps; step++) {
        inputs.button(button, true)
        inputs.button(button, false)
      }
    },
    { passive: false }
  )
  document.addEventListener('pointerlockchange', () => screen.setHeld(isHeld()), { signal })
}

function locksOf(event: KeyboardEvent): number {
  return (
    (event.getModifierState('ScrollLock') ? LOCK.scroll : 0) |
    (event.getModifierState('NumLock') ? LOCK.number : 0) |
    (event.getModifierState('CapsLock') ? LOCK.capitals : 0)
  )
}
