/** What is typed in the dialog of Wake-on-LAN, checked. Pure. */
import { Ipv4, MacAddress, SecureOnPassword, type WakeSettings } from '#contract/switching.ts'
import type { ServerId } from '#contract/ids.ts'

/** Choices of the two lists that stand for "nothing of its own". */
export const USUAL_PORTS = 'usual'
export const FROM_HERE = 'here'

export interface WakeForm {
  readonly mac: string
  readonly broadcast: string
  /** USUAL_PORTS or a number. */
  readonly port: string
  /** FROM_HERE or the id of a server. */
  readonly via: string
  readonly password: string
}

export const isMacText = (text: string): boolean => MacAddress.safeParse(text).success
export const isBroadcastText = (text: string): boolean =>
  text.trim() === '' || Ipv4.safeParse(text.trim()).success
export const isPasswordText = (text: string): boolean =>
  text.trim() === '' || SecureOnPassword.safeParse(text).success

/** null while something in it is wrong. An address like the learned one is not kept: it follows what is learned. */
export function wakeSettingsOf(form: WakeForm, learnedMac: string | null): WakeSettings | null {
  const typed = form.mac.trim()
  if (typed !== '' && !isMacText(typed)) return null
  if (!isBroadcastText(form.broadcast) || !isPasswordText(form.password)) return null
  const mac = typed === '' ? null : MacAddress.parse(typed)
  const broadcast = form.broadcast.trim()
  return {
    mac: mac === learnedMac ? null : mac,
    broadcast: broadcast === '' ? null : broadcast,
    port: form.port === USUAL_PORTS ? null : Number(form.port),
    via: form.via === FROM_HERE ? null : (form.via as ServerId)
  }
}
