/** A VM's display, serial line and screenshot, over the server's own ssh connection. */
import { gunzip } from 'node:zlib'
import { promisify } from 'node:util'
import type { DisplayKind } from '#contract/consoles.ts'
import { AppError } from '#contract/errors.ts'
import { VmUuid } from '#contract/ids.ts'
import type {
  MachineConsoles,
  OpenedConsole,
  RgbPicture
} from '../../application/consoles/machine-consoles.ts'
import type { ByteStream, ForwardTarget } from '../../application/servers/connection.ts'
import { parseDomcontrol } from '../../domain/libvirt/domcontrol.ts'
import { failureKindOf } from '../../domain/libvirt/failure-words.ts'
import { quote } from '../ssh/quote.ts'
import { pictureOf } from './screenshot.ts'
import { parseDisplayXml, type DisplayXml } from './display-xml.ts'
import { connectionFailureOf, type LaneHolder } from './lane-holder.ts'
import { openSerialLine, serialCommand } from './serial-line.ts'
import { Virsh, type VirshDeps } from './virsh.ts'
import { ENVIRONMENT } from './virsh-scripts.ts'

export interface ConsoleDeps extends VirshDeps {
  readonly lane: LaneHolder
  /** Whether the VM's monitor was found to be stuck. */
  isHung(uuid: string): boolean
}

const READ_DEADLINE_MS = 8_000
const OPEN_DEADLINE_MS = 10_000
const PICTURE_DEADLINE_MS = 6_000
const DOMCONTROL_DEADLINE_MS = 4_000
/** Longer, and the monitor counts as stuck (as for acts). */
const OCCUPIED_MS = 800
/** A screen of 8K in raw colours is 100 MB; real ones are far smaller, packed. */
const MAX_PACKED_CHARS = 8 * 1024 * 1024
const MAX_PICTURE_BYTES = 128 * 1024 * 1024
const MAX_MESSAGE_CHARS = 2_000

const unpack = promisify(gunzip)

export function createConsoles(deps: ConsoleDeps): MachineConsoles {
  const { connection, uri } = deps
  const virsh = new Virsh(deps)
  /** One screenshot at a time per server: each waits for a monitor. */
  let lastPicture: Promise<unknown> = Promise.resolve()

  async function displayOf(given: VmUuid, signal: AbortSignal): Promise<DisplayXml> {
    const uuid = VmUuid.parse(given)
    const xml = await virsh.read(['dumpxml', uuid], { signal, deadlineMs: READ_DEADLINE_MS })
    const display = parseDisplayXml(xml)
    // virsh takes a UUID that is gone for a name.
    if (display.uuid !== uuid) throw new AppError('vmNotFound', { params: { vmUuid: uuid } })
    return display
  }

  async function open(
    kind: DisplayKind,
    target: ForwardTarget | null,
    signal: AbortSignal
  ): Promise<OpenedConsole> {
    if (target === null) throw new AppError('displayMissing')
    const stream = await connection.openForward(target, { signal, deadlineMs: OPEN_DEADLINE_MS })
    return {
      stream,
      shown: target.kind === 'tcp' ? `${kind} ${target.host}:${target.port}` : `${kind} ${target.path}`
    }
  }

  return {
    displays: async (uuid, signal) => (await displayOf(uuid, signal)).kinds,
    openVnc: async (uuid, signal) => open('vnc', running(await displayOf(uuid, signal)).vnc, signal),
    async openSpice(uuid, signal) {
      const display = running(await displayOf(uuid, signal))
      if (display.spiceNeedsTls) throw new AppError('displayNeedsTls')
      return {
        ...(await open('spice', display.spice, signal)),
        stillRuns: async (asked) => (await displayOf(uuid, asked)).runId === display.runId
      }
    },
    serialCommand: (uuid, takeOver) => serialCommand(uri, VmUuid.parse(uuid), takeOver),
    openSerial: (uuid, takeOver, signal): Promise<ByteStream> =>
      openSerialLine(connection, uri, VmUuid.parse(uuid), takeOver, signal),
    picture(given, signal) {
      const uuid = VmUuid.parse(given)
      const turn = lastPicture.then(() => readPicture(deps, uuid, signal))
      // The failure belongs to who asked; the next in turn only waits.
      lastPicture = turn.catch(() => undefined)
      return turn
    }
  }
}

function running(display: DisplayXml): DisplayXml {
  if (display.runId === null) throw new AppError('vmActionNotPossible', { params: { state: 'shutOff' } })
  return display
}

async function readPicture(deps: ConsoleDeps, uuid: VmUuid, signal: AbortSignal): Promise<RgbPicture> {
  signal.throwIfAborted()
  await assertResponds(deps, uuid, signal)
  const { exitCode, stdout, stderr } = await deps.connection.run(screenshotScript(deps.uri, uuid), {
    signal,
    deadlineMs: PICTURE_DEADLINE_MS,
    maxBytes: MAX_PACKED_CHARS
  })
  const packed = Buffer.from(stdout, 'base64')
  // What cannot be unpacked is no picture: told below, with virsh's words.
  const bytes = await unpack(packed, { maxOutputLength: MAX_PICTURE_BYTES }).catch(() => Buffer.alloc(0))
  if (exitCode !== 0 || bytes.length === 0) throw failureOf(stderr, uuid)
  return pictureOf(bytes)
}

/** A screenshot waits for QEMU: never one that does not answer, or each would hold a worker of libvirtd for ever. */
async function assertResponds(deps: ConsoleDeps, uuid: VmUuid, signal: AbortSignal): Promise<void> {
  const hung = (): AppError => new AppError('vmNotResponding', { retryable: true })
  if (deps.isHung(uuid)) throw hung()
  const [answer] = await deps.lane.call([`domcontrol ${uuid}`], {
    signal,
    deadlineMs: DOMCONTROL_DEADLINE_MS
  })
  const monitor = parseDomcontrol(answer?.output ?? '')
  if (monitor.kind === 'occupied' && monitor.forMs >= OCCUPIED_MS) throw hung()
}

/**
 * The picture comes packed and as text, because a script's answer is text. `domname` finds nothing but a UUID or a
 * number, so that a VM that is gone is not mistaken for another one's name.
 */
function screenshotScript(uri: string, uuid: VmUuid): string {
  const id = quote(uuid)
  return `${ENVIRONMENT}
virsh -r -q -c ${quote(uri)} domname ${id} </dev/null >/dev/null || exit 1
virsh -q -c ${quote(uri)} screenshot ${id} --file /dev/stdout </dev/null | gzip -c -1 | base64
`
}

function failureOf(stderr: string, uuid: VmUuid): AppError {
  const message = stderr.trim().slice(0, MAX_MESSAGE_CHARS)
  const connection = connectionFailureOf(message)
  if (connection !== null) return connection
  if (/no graphics|no screen|could not get screenshot|no video/i.test(message))
    return new AppError('displayMissing', { params: { stderr: message } })
  switch (failureKindOf(message)) {
    case 'vmNotFound':
      return new AppError('vmNotFound', { params: { vmUuid: uuid } })
    case 'vmNotResponding':
      return new AppError('vmNotResponding', { retryable: true })
    case 'notPossible':
      return new AppError('vmActionNotPossible', { params: { state: 'shutOff', stderr: message } })
    default:
      return new AppError('libvirtFailed', { params: { stderr: message } })
  }
}
