/** Reads the firmware's tables: the kernel keeps a copy that only root may read, the same on every board that has them. */
import type { FirmwareReader } from '../../application/capabilities/firmware-lane.ts'

const DEADLINE_MS = 10_000
/** Tables of large boards are some 60 KiB; three characters a byte. */
const MAX_BYTES = 1024 * 1024
const FILE = '/sys/firmware/dmi/tables/DMI'

/** `od` is in POSIX; a small busybox may have hexdump alone. Exit codes say what is wrong: 3 no such file, 4 refused. */
const script = (file: string, sudo: '' | 'sudo -n '): string => `
[ -e ${file} ] || exit 3
${sudo === '' ? `[ -r ${file} ] || exit 4` : ''}
hex() { if command -v od >/dev/null; then od -An -v -tx1; else hexdump -v -e '16/1 "%02x " "\\n"'; fi; }
${sudo}cat ${file} | hex`

/** Only tests read another file. */
export const createFirmwareReader =
  (file: typeof FILE | `/tmp/${string}`): FirmwareReader =>
  async (tools, sudo, signal) => {
    const { stdout, exitCode } = await tools.run(script(file, sudo), {
      signal,
      deadlineMs: DEADLINE_MS,
      maxBytes: MAX_BYTES
    })
    if (exitCode === 3) return { kind: 'absent' }
    if (exitCode === 4 || stdout.trim() === '') return { kind: 'refused' }
    return { kind: 'tables', dump: stdout }
  }

export const readFirmware = createFirmwareReader(FILE)
