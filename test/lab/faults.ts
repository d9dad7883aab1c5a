/**
 * What a test may do to the lab. Each change remembers how to take itself back; `restoreLab()` in afterEach takes back
 * whatever is left, newest first, so that no test sees the traces of another.
 */
import { closeSync, constants, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import {
  inServer,
  labServer,
  libvirtdPid,
  processesOf,
  qemuPid,
  run,
  serialText,
  sshdLog,
  type LabGuest,
  type LabServer
} from './state.ts'

type Undo = () => Promise<void> | void
const undos: Undo[] = []

/** For changes that a test makes by itself. */
export const onRestore = (undo: Undo): void => void undos.push(undo)

/** Takes back every change made since the last call. */
export async function restoreLab(): Promise<void> {
  const failures: unknown[] = []
  for (let undo = undos.pop(); undo !== undefined; undo = undos.pop()) {
    try {
      await undo()
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'the lab could not be put right')
}

/** Asks until the answer is true; for what becomes true by itself. */
export async function eventually(
  what: string,
  question: () => boolean | Promise<boolean>,
  deadlineMs = 10_000,
  intervalMs = 50
): Promise<number> {
  const startedMs = performance.now()
  while (!(await question())) {
    if (performance.now() - startedMs > deadlineMs) throw new Error(`not within ${deadlineMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, intervalMs))
  }
  return performance.now() - startedMs
}

/** The command of the far end of a server's link: on the bridge, or in the server it hides behind. */
const onLink = (server: LabServer, ...command: string[]): Promise<unknown> => {
  const change = ['ip', 'link', 'set', `vh-${server.name}`, ...command]
  return server.via === null ? run(change) : inServer(server.via, change)
}

/** The server's packets vanish, both ways; no one is told. */
export async function freezeLink(name: string): Promise<void> {
  await onLink(labServer(name), 'down')
  onRestore(() => thawLink(name))
}

/** Idempotent. */
export async function thawLink(name: string): Promise<void> {
  await onLink(labServer(name), 'up')
}

/** SIGSTOP; continued by `continueProcess` or restoreLab. */
export function stopProcess(pid: number): void {
  process.kill(pid, 'SIGSTOP')
  onRestore(() => continueProcess(pid))
}

/** SIGCONT; does nothing when the process is gone. */
export function continueProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** A hung VM: its QEMU no longer answers anything. */
export const stopGuest = (server: string, uuid: string): void => stopProcess(qemuPid(server, uuid))

export const virsh = (server: string, ...command: string[]): Promise<unknown> =>
  inServer(server, ['virsh', '-q', '-c', 'qemu:///system', ...command])

function found(server: string, uuid: string): LabGuest {
  const guest = labServer(server).guests.find((one) => one.uuid === uuid)
  if (guest === undefined) throw new Error(`the lab has no guest ${uuid} on ${server}`)
  return guest
}

const isRunning = async (server: string, uuid: string): Promise<boolean> => {
  const { stdout } = await inServer(server, ['virsh', '-r', '-q', 'domstate', uuid])
  return ['running', 'paused'].includes(stdout.trim())
}

/** Starts a guest when it does not run (as the lab's own `up` would) and waits until it has booted. */
export async function startGuest(server: string, uuid: string): Promise<void> {
  if (await isRunning(server, uuid)) return
  const guest = found(server, uuid)
  await virsh(server, 'start', uuid)
  await eventually(`${guest.name} boots`, () => serialText(guest).includes('lab guest ready'), 90_000)
}

/** Forces a guest off outside the console; restoreLab starts it again when it belongs to the running ones. */
export async function destroyGuest(server: string, uuid: string): Promise<void> {
  if (found(server, uuid).start) onRestore(() => startGuest(server, uuid))
  await virsh(server, 'destroy', uuid)
}

/** Puts a guest back to how `up` leaves it (running, or shut off) when the test ends. */
export function restoreGuest(server: string, uuid: string): void {
  const guest = found(server, uuid)
  onRestore(async () => {
    const running = await isRunning(server, uuid)
    if (guest.start && !running) await startGuest(server, uuid)
    if (!guest.start && running) await virsh(server, 'destroy', uuid)
    if (guest.start && running) await virsh(server, 'resume', uuid).catch(ignoreNotPaused)
  })
}

const ignoreNotPaused = (error: unknown): void => {
  if (!String(error).includes('already running')) throw error
}

/**
 * Sends a line to a guest's serial line (see guest-init.sh): `burn 10`, `write 8`, `send 100`, `eat 32`, `say x`.
 * Resolves when the guest has answered: at once for `burn`, at the end for the others.
 */
export async function tellGuest(server: string, uuid: string, line: string): Promise<void> {
  const { stdout } = await inServer(server, ['virsh', '-r', '-q', 'ttyconsole', uuid])
  const guest = found(server, uuid)
  const before = serialText(guest).length
  // QEMU takes what is written only while the other end is open.
  const terminal = openSync(stdout.trim(), constants.O_RDWR | constants.O_NOCTTY)
  try {
    writeSync(terminal, `${line}\n`)
    await eventually(
      `the guest answers "${line}"`,
      () => serialText(guest).slice(before).includes('\n'),
      60_000
    )
  } finally {
    closeSync(terminal)
  }
}

/** kill -9, as when it crashes; `startLibvirtd` or restoreLab brings it back. Guests go on. */
export function killLibvirtd(server: string): void {
  process.kill(libvirtdPid(server), 'SIGKILL')
  onRestore(() => startLibvirtd(server))
}

/** Idempotent. Resolves when it answers. */
export async function startLibvirtd(server: string): Promise<void> {
  if (processesOf(server, (line) => line.startsWith('libvirtd ')).length === 0)
    await inServer(server, ['libvirtd', '-d'])
  await eventually(
    'libvirtd answers',
    async () => (await inServer(server, ['virsh', '-r', '-q', 'list'], { check: false })).code === 0
  )
}

/** sshd reads its configuration and keys anew; connections stay. Resolves when it listens again. */
async function reloadSshd(server: string): Promise<void> {
  const starts = (): number =>
    sshdLog(server).filter((line) => line.startsWith('Server listening on 0.0.0.0')).length
  const before = starts()
  const { stdout } = await inServer(server, ['cat', '/run/sshd-lab.pid'])
  await inServer(server, ['kill', '-HUP', stdout.trim()])
  await eventually('sshd starts anew', () => starts() > before)
}

const etcLab = (server: string): string => join(labServer(server).folder, 'etc/lab')

/** Adds lines to a server's sshd_config (they win over its own), e.g. `MaxSessions 2`. */
export async function setSshdOptions(server: string, lines: readonly string[]): Promise<void> {
  const file = join(etcLab(server), 'sshd_config')
  const before = readFileSync(file, 'utf8')
  onRestore(async () => {
    writeFileSync(file, before)
    await reloadSshd(server)
  })
  writeFileSync(file, `${lines.join('\n')}\n${before}`)
  await reloadSshd(server)
}

/** The server shows other host keys from now on, as after a new installation or a man in the middle. */
export async function changeHostKeys(server: string): Promise<void> {
  const script =
    'cd /etc/lab && for k in ssh_host_*_key; do mv "$k" "$k.before" && mv "$k.pub" "$k.pub.before"; t=${k#ssh_host_}; ssh-keygen -q -t "${t%_key}" -N "" -C "" -f "$k"; done'
  onRestore(async () => {
    await inServer(server, [
      'bash',
      '-c',
      'cd /etc/lab && for k in ssh_host_*.before; do mv "$k" "${k%.before}"; done'
    ])
    await reloadSshd(server)
  })
  await inServer(server, ['bash', '-c', script])
  await reloadSshd(server)
}
