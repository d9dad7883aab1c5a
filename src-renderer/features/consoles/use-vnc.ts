/** A VM's VNC display: noVNC over the console's link. */
import { AppError } from '#contract/errors.ts'
import { computed, ref, shallowRef, watch } from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'
import { ChannelSocket } from './channel-socket.ts'
import { useConsoleLink } from './console-link.ts'
import { CLOSE_TO_BLACK, MAX_GUEST_TEXT_CHARS, type Display, type DisplayOptions } from './display.ts'
import type { GuardedRfb } from './guarded-rfb.ts'
import { whenVisible } from './when-visible.ts'

/** A QEMU that hangs takes the connection and says nothing. A password is waited for as long as it takes. */
const OPEN_DEADLINE_MS = 15_000

export function useVnc(options: DisplayOptions): Display {
  const rpc = useRpc()
  const rfb = shallowRef<GuardedRfb | null>(null)
  const password = ref<'none' | 'asked' | 'wrong'>('none')
  const guestText = ref('')
  const sizePx = shallowRef({ widthPx: 0, heightPx: 0 })

  async function run(signal: AbortSignal, opened: () => void): Promise<void> {
    const { GuardedRfb: Rfb } = await import('./guarded-rfb.ts')
    const target = options.target.value
    if (target === null || signal.aborted) return
    const socket = new ChannelSocket(rpc.channel('consoles.vnc', options.vm(), { signal }))
    let isOver = false
    let isClean = true
    let refusedPassword = false
    let isLate = false
    const connection = new Rfb(target, socket, { shared: true })
    connection.viewOnly = options.viewOnly()
    connection.scaleViewport = options.fits()
    connection.background = CLOSE_TO_BLACK
    connection.canvas.setAttribute('aria-label', options.label())
    connection.canvas.setAttribute('role', 'application')
    const deadline = setTimeout(() => {
      isLate = true
      connection.disconnect()
    }, OPEN_DEADLINE_MS)
    connection.addEventListener('connect', () => {
      clearTimeout(deadline)
      password.value = 'none'
      sizePx.value = connection.sizePx
      opened()
    })
    connection.addEventListener('credentialsrequired', () => {
      clearTimeout(deadline)
      password.value = password.value === 'wrong' ? 'wrong' : 'asked'
    })
    connection.addEventListener('securityfailure', () => {
      refusedPassword = password.value !== 'none'
      if (refusedPassword) password.value = 'wrong'
    })
    connection.addEventListener('clipboard', (event) => {
      const { text } = (event as CustomEvent<{ text: string }>).detail
      guestText.value = text.slice(0, MAX_GUEST_TEXT_CHARS)
    })
    connection.addEventListener('disconnect', (event) => {
      isOver = true
      isClean = (event as CustomEvent<{ clean: boolean }>).detail.clean
    })
    rfb.value = connection
    try {
      await socket.pump(async () => {
        if (connection.sizePx.widthPx !== sizePx.value.widthPx) sizePx.value = connection.sizePx
        await whenVisible(signal)
      })
      if (isLate) throw new AppError('vmNotResponding', { retryable: true })
      if (socket.closedByReader && !isClean && !refusedPassword) throw notUnderstood()
    } catch (error) {
      throw error instanceof AppError ? error : notUnderstood(error)
    } finally {
      clearTimeout(deadline)
      if (!isOver) connection.disconnect()
      rfb.value = null
    }
  }

  const link = useConsoleLink({ wanted: options.wanted, run })
  watch(options.viewOnly, (only) => {
    if (rfb.value !== null) rfb.value.viewOnly = only
  })
  watch(options.fits, (fits) => {
    if (rfb.value !== null) rfb.value.scaleViewport = fits
  })
  return {
    ...link,
    keyboard: rfb,
    password: computed(() => (rfb.value === null ? 'none' : password.value)),
    guestText,
    sizePx,
    undrawn: ref(0),
    holdsPointer: ref(false),
    sendPassword: (text) => rfb.value?.sendCredentials({ password: text }),
    offerText: (text) => rfb.value?.clipboardPasteFrom(text),
    focus: () => rfb.value?.focus()
  }
}

const notUnderstood = (cause?: unknown): AppError => new AppError('displayNotUnderstood', { cause })
