/** A VM's display: noVNC over the console's link. */
import { AppError } from '#contract/errors.ts'
import type { VmRef } from '#contract/ids.ts'
import { ref, shallowRef } from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'
import { ChannelSocket } from './channel-socket.ts'
import { useConsoleLink } from './console-link.ts'
import type { GuardedRfb } from './guarded-rfb.ts'
import { whenVisible } from './when-visible.ts'

export interface VncOptions {
  /** Where it is drawn. */
  readonly target: { readonly value: HTMLElement | null }
  readonly vm: () => VmRef
  readonly wanted: () => boolean
  readonly viewOnly: () => boolean
  readonly label: () => string
}

const MAX_GUEST_TEXT_CHARS = 256 * 1024
/** A QEMU that hangs takes the connection and says nothing. A password is waited for as long as it takes. */
const OPEN_DEADLINE_MS = 15_000
const CLOSE_TO_BLACK = '#0b0e14'

export function useVnc(options: VncOptions) {
  const rpc = useRpc()
  const rfb = shallowRef<GuardedRfb | null>(null)
  const password = ref<'none' | 'asked' | 'wrong'>('none')
  /** What the guest last put on its clipboard; nothing is done with it unless the operator says so. */
  const guestText = ref('')
  const fits = ref(true)
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
    connection.scaleViewport = fits.value
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
  return {
    ...link,
    rfb,
    password,
    guestText,
    fits,
    sizePx,
    setFits(value: boolean): void {
      fits.value = value
      if (rfb.value) rfb.value.scaleViewport = value
    },
    sendPassword(text: string): void {
      rfb.value?.sendCredentials({ password: text })
    }
  }
}

export type Vnc = ReturnType<typeof useVnc>

const notUnderstood = (cause?: unknown): AppError => new AppError('displayNotUnderstood', { cause })
