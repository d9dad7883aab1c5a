/** What the page needs of a VM's display, whatever it speaks. */
import type { VmRef } from '#contract/ids.ts'
import { computed, type ComputedRef, type Ref } from 'vue'
import type { ConsoleState } from './console-link.ts'

export const CLOSE_TO_BLACK = '#0b0e14'
export const MAX_GUEST_TEXT_CHARS = 256 * 1024

export interface DisplayOptions {
  /** Where it is drawn. */
  readonly target: Readonly<Ref<HTMLElement | null>>
  readonly vm: () => VmRef
  readonly wanted: () => boolean
  readonly viewOnly: () => boolean
  /** Scaled to the room there is, or pixel by pixel. */
  readonly fits: () => boolean
  readonly label: () => string
}

export interface Keyboard {
  /** A key by its X11 keysym and its place on a US keyboard. Without `down`: pressed and let go. */
  sendKey(keysym: number, code: string | null, down?: boolean): void
}

export interface Display {
  readonly state: Ref<ConsoleState>
  /** Connects at once. */
  readonly retry: () => void
  /** null: not connected, or keys do not reach the guest. */
  readonly keyboard: Readonly<Ref<Keyboard | null>>
  /** Whether it asks for its password; 'wrong': the last one was. */
  readonly password: Readonly<Ref<'none' | 'asked' | 'wrong'>>
  /** What the guest last put on its clipboard; nothing is done with it unless the operator says so. */
  readonly guestText: Readonly<Ref<string>>
  readonly sizePx: Readonly<Ref<{ readonly widthPx: number; readonly heightPx: number }>>
  /** Drawings that were left out: of a kind that is not drawn. */
  readonly undrawn: Readonly<Ref<number>>
  /** The guest's pointer moves only while the display holds the workstation's. */
  readonly holdsPointer: Readonly<Ref<boolean>>
  sendPassword(text: string): void
  /** Puts a text on the guest's clipboard, where an agent takes it. */
  offerText(text: string): void
  focus(): void
}

type Shown = 'guestText' | 'sizePx' | 'undrawn' | 'holdsPointer' | 'password'

/** The fields of whichever display is shown now. */
export function fieldsOf(display: Ref<Display>): {
  readonly [F in Shown]: ComputedRef<Display[F]['value']>
} {
  return {
    guestText: computed(() => display.value.guestText.value),
    sizePx: computed(() => display.value.sizePx.value),
    undrawn: computed(() => display.value.undrawn.value),
    holdsPointer: computed(() => display.value.holdsPointer.value),
    password: computed(() => display.value.password.value)
  }
}
