/** What `ipmitool dcmi power reading` says. Pure. */

export type DcmiAnswer =
  | { readonly kind: 'watts'; readonly watts: number }
  /** No BMC, no ipmitool, no right to the device, or a BMC that does not measure. */
  | { readonly kind: 'noDevice' | 'toolMissing' | 'denied' | 'notMeasured' | 'unreadable' }

/** A BMC that measures nothing says 0; no machine that runs draws nothing, and none of one BMC this much. */
const MOST_WATTS = 30_000

/** @param text stdout and stderr together; the script says `@nodevice` and `@notool` itself */
export function parseDcmi(text: string): DcmiAnswer {
  if (/^@nodevice$/m.test(text)) return { kind: 'noDevice' }
  if (/^@notool$/m.test(text)) return { kind: 'toolMissing' }
  const [, value] = /^\s*Instantaneous power reading\s*:?\s+(\d{1,6}) Watts?\b/im.exec(text) ?? []
  if (value !== undefined) {
    const watts = Number(value)
    const [, state = 'activated'] = /^\s*Power reading state is\s*:\s*(\w+)/im.exec(text) ?? []
    const off = state !== 'activated'
    return watts > 0 && watts <= MOST_WATTS && !off ? { kind: 'watts', watts } : { kind: 'notMeasured' }
  }
  if (
    /could not open device|permission denied|password is required|not allowed to execute|sorry, user/i.test(
      text
    )
  )
    return { kind: 'denied' }
  if (/invalid command|not supported|request failed|response code|DCMI/i.test(text))
    return { kind: 'notMeasured' }
  return { kind: 'unreadable' }
}
