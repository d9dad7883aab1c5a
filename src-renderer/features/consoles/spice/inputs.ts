/** The inputs channel: keys and pointer, never more on their way than the server has taken. */
import type { Send } from './channel.ts'
import { INPUTS, INPUTSC, MOTION_ACK_BUNCH } from './numbers.ts'
import type { Point } from './raster.ts'
import { scanCodeOf } from './scan-codes.ts'
import { pack, Reader } from './wire.ts'

export const MAX_INPUTS_MESSAGE_BYTES = 64 * 1024
const MAX_MOTIONS = 2 * MOTION_ACK_BUNCH

export const LOCK = { scroll: 1, number: 2, capitals: 4 } as const
/** As the protocol numbers them. */
export type PointerButton = 'left' | 'middle' | 'right' | 'wheelUp' | 'wheelDown' | 'side' | 'extra'
const BUTTONS: readonly PointerButton[] = ['left', 'middle', 'right', 'wheelUp', 'wheelDown', 'side', 'extra']

export class Inputs {
  readonly #send: Send
  readonly #down = new Set<string>()
  #buttons = 0
  #locks = 0
  #motions = 0
  /** The newest that could not be sent yet. */
  #position: Point | null = null
  #motion: Point = { x: 0, y: 0 }

  constructor(send: Send) {
    this.#send = send
  }

  handle(type: number, body: Uint8Array): void {
    const reader = new Reader(body)
    if (type === INPUTS.init || type === INPUTS.keyModifiers) this.#locks = reader.u16()
    if (type !== INPUTS.motionAck) return
    this.#motions = Math.max(0, this.#motions - MOTION_ACK_BUNCH)
    this.#flush()
  }

  /** @param code as `KeyboardEvent.code`; a key that a PC does not have is left out */
  key(code: string, isDown: boolean): void {
    const scan = scanCodeOf(code)
    if (scan === null) return
    // Whose beginning went elsewhere, its end does too.
    if (!isDown && !this.#down.delete(code)) return
    if (isDown) this.#down.add(code)
    this.#send(isDown ? INPUTSC.keyDown : INPUTSC.keyUp, pack(['u32', isDown ? scan.down : scan.up]))
  }

  /** Of all keys and buttons that are held: the window does not hear of their end. */
  releaseAll(): void {
    for (const code of [...this.#down]) this.key(code, false)
    for (const button of BUTTONS) if (this.isPressed(button)) this.button(button, false)
  }

  /** Makes the guest's lock keys what the workstation's are. */
  setLocks(locks: number): void {
    if (locks === this.#locks) return
    this.#locks = locks
    this.#send(INPUTSC.keyModifiers, pack(['u16', locks]))
  }

  /** In pixels of the screen. */
  moveTo(point: Point): void {
    this.#position = point
    this.#flush()
  }

  moveBy(delta: Point): void {
    this.#motion = { x: this.#motion.x + delta.x, y: this.#motion.y + delta.y }
    this.#flush()
  }

  button(button: PointerButton, isDown: boolean): void {
    const bit = bitOf(button)
    this.#buttons = isDown ? this.#buttons | bit : this.#buttons & ~bit
    const number = BUTTONS.indexOf(button) + 1
    this.#send(isDown ? INPUTSC.press : INPUTSC.release, pack(['u8', number], ['u16', this.#buttons]))
  }

  isPressed(button: PointerButton): boolean {
    return (this.#buttons & bitOf(button)) !== 0
  }

  #flush(): void {
    if (this.#motions >= MAX_MOTIONS) return
    if (this.#position !== null) {
      const { x, y } = this.#position
      this.#position = null
      this.#motions++
      this.#send(INPUTSC.position, pack(['u32', x], ['u32', y], ['u16', this.#buttons], ['u8', 0]))
    } else if (this.#motion.x !== 0 || this.#motion.y !== 0) {
      const { x, y } = this.#motion
      this.#motion = { x: 0, y: 0 }
      this.#motions++
      this.#send(INPUTSC.motion, pack(['i32', x], ['i32', y], ['u16', this.#buttons]))
    }
  }
}

const bitOf = (button: PointerButton): number => 1 << BUTTONS.indexOf(button)
