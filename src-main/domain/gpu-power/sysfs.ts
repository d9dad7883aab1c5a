/**
 * Many small files of /sys, as one `grep -H ''` prints them: `folder/file:value`, one line each. A file that could not be read
 * is simply not there. The first folder names the device (hwmon3, intel-rapl:0, card1).
 */

/** Values of one device by the path below its folder: `temp1_input`, `device/vendor`, `hwmon/hwmon3/name`. */
export type SysfsDevice = ReadonlyMap<string, string>

/** More devices or files than any machine has. */
const MAX_DEVICES = 1_024
const MAX_FILES = 512
const MAX_VALUE = 256

/** Devices in natural order of their folders, so that hwmon10 comes after hwmon9. Lines that are no `folder/file:value` are dropped. */
export function parseSysfs(text: string): Map<string, SysfsDevice> {
  const devices = new Map<string, Map<string, string>>()
  for (const line of text.split('\n')) {
    const [, folder = '', file = '', value = ''] = /^([^/\s]+)\/([\w@./-]+):(.*)$/.exec(line) ?? []
    if (folder === '') continue
    const device = devices.get(folder) ?? new Map<string, string>()
    if (!devices.has(folder)) {
      if (devices.size >= MAX_DEVICES) continue
      devices.set(folder, device)
    }
    // The first line of a file tells; `uevent` is asked for by lines of its own.
    if (device.size < MAX_FILES && !device.has(file)) device.set(file, value.slice(0, MAX_VALUE).trim())
  }
  return new Map([...devices].sort(([one], [other]) => one.localeCompare(other, 'en', { numeric: true })))
}

/** A whole number of a file, also a negative one. null for anything else. */
export function sysfsNumber(device: SysfsDevice, file: string): number | null {
  const text = device.get(file)
  return text !== undefined && /^-?\d{1,19}$/.test(text) ? Number(text) : null
}

/** Text of a server in one line: without control characters, at most `most` characters. */
export const oneLine = (text: string, most = 80): string =>
  text
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, most)

/** The parts of an answer that stand under lines `@name`; what stands before the first is under ''. */
export function parseParts(text: string): Map<string, string> {
  const parts = new Map<string, string[]>()
  let part = ''
  for (const line of text.split('\n')) {
    const [, name] = /^@([a-z]+)$/.exec(line) ?? []
    if (name !== undefined) part = name
    else parts.set(part, [...(parts.get(part) ?? []), line])
  }
  return new Map([...parts].map(([name, lines]) => [name, lines.join('\n')]))
}
