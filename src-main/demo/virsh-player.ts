/**
 * Plays virsh on a demo server: the resident lane (banner, prompts and echo included), the events, and the one-shot
 * scripts of `remote/libvirt`. Everything else is not its own.
 */
import { answerRun } from './lane-run.ts'
import { answerTo } from './virsh-answers.ts'
import { answerOneShot, answerScript } from './virsh/one-shot.ts'
import { playDownload, playUpload } from './virsh/volume-lanes.ts'
import type { DemoDomainAction, DemoHost, LaneIo, VirshPlayer } from './model.ts'

const BANNER = `Welcome to virsh, the virtualization interactive terminal.

Type:  'help' for help with commands
       'quit' to quit

`
const SOCKET_DOWN = "Failed to connect socket to '/var/run/libvirt/libvirt-sock-ro': Connection refused"
const CONNECT_FAILED = `error: failed to connect to the hypervisor\nerror: ${SOCKET_DOWN}\n`
const RECONNECT_FAILED = `error: Failed to reconnect to the hypervisor\nerror: ${SOCKET_DOWN}\n`
/** How often the event lane looks whether its daemon is still there. */
const DAEMON_CHECK_MS = 1_000

const ACTIONS: Readonly<Record<string, DemoDomainAction>> = {
  start: 'start',
  shutdown: 'shutDown',
  reboot: 'reboot',
  destroy: 'forceOff',
  suspend: 'pause',
  resume: 'resume'
}

export function createVirshPlayer(host: DemoHost): VirshPlayer {
  return {
    attach(lane, io) {
      switch (lane) {
        case 'virsh':
          playResident(host, io)
          return true
        case 'virsh-event':
          playEvents(host, io)
          return true
        case 'upload':
          if (connects(host, io)) playUpload(host, io)
          return true
        case 'download':
          if (connects(host, io)) playDownload(host, io)
          return true
        case 'run':
          return playScript(host, io)
        default:
          return false
      }
    }
  }
}

/** Whether virsh could start and connect; otherwise the channel has ended as it would. */
function connects(host: DemoHost, io: LaneIo): boolean {
  if (host.libvirt === null) {
    io.writeError('/bin/sh: 1: virsh: not found\n')
    io.exit(127)
    return false
  }
  if (host.faults.libvirtDown) {
    io.writeError(CONNECT_FAILED)
    io.exit(1)
    return false
  }
  return true
}

function playResident(host: DemoHost, io: LaneIo): void {
  io.write(`${io.marker} ready\n`)
  if (!connects(host, io)) return
  io.write(`${BANNER}virsh > `)
  let stuck = false
  io.onLine((line) => {
    if (stuck) return
    host.advance()
    let output = `${line}\n`
    let error = ''
    for (const command of line.split(';')) {
      const answer = host.faults.libvirtDown && !isEcho(command) ? down() : commandAnswer(host, command)
      output += answer.output
      error += answer.error
      stuck = answer.hangs === true
      if (stuck) break
    }
    if (error !== '') io.writeError(error)
    io.write(stuck ? output : `${output}virsh > `)
  })
}

const down = (): { output: string; error: string; hangs?: boolean } => ({
  output: '\n',
  error: RECONNECT_FAILED
})

const isEcho = (command: string): boolean => command.trimStart().startsWith('echo')

function commandAnswer(host: DemoHost, command: string): { output: string; error: string; hangs?: boolean } {
  if (!isEcho(command)) return answerTo(host, command)
  const toStderr = command.includes('--err')
  const text = command
    .trim()
    .replace(/^echo( --err)? ?/, '')
    .replaceAll('"', '')
  return toStderr ? { output: '', error: `error: ${text}\n` } : { output: `${text}\n`, error: '' }
}

function playEvents(host: DemoHost, io: LaneIo): void {
  io.write(`${io.marker} ready\n`)
  if (!connects(host, io)) return
  const unsubscribe = host.onDomainEvent(({ domain, event, detail }) => {
    io.write(`event 'lifecycle' for domain '${domain.name}': ${event} ${detail}\n`)
  })
  const check = setInterval(() => {
    if (!host.faults.libvirtDown) return
    end()
    io.writeError('error: Disconnected from qemu:///system due to end of file\n')
    io.exit(1)
  }, DAEMON_CHECK_MS)
  check.unref()
  const end = (): void => {
    clearInterval(check)
    unsubscribe()
  }
  io.onEnd(end)
}

const WRITE = /^virsh -c '[^']*' ([a-z]+) '([0-9a-f-]{36})'/m

/** One-shot scripts travel as one quoted word, so that their own quotes are written as '\''. */
function playScript(host: DemoHost, io: LaneIo): boolean {
  const script = io.script.replaceAll(`'\\''`, `'`)
  const [, command = '', uuid = ''] = WRITE.exec(script) ?? []
  const action = Object.hasOwn(ACTIONS, command) ? ACTIONS[command] : undefined
  if (script.includes('virthelm-probe')) finish(io, probe(host), 0)
  else if (action !== undefined) {
    const message = write(host, uuid, action)
    finish(io, message === null ? '\n' : `error: ${message}\n\n`, message === null ? 0 : 1)
  } else {
    const whole = host.faults.libvirtDown ? null : answerScript(host, script)
    if (whole !== null) {
      answerRun(io, whole)
      return true
    }
    const answer = host.faults.libvirtDown ? null : answerOneShot(host, script)
    if (answer === null) return false
    const failed = answer.error !== ''
    answerRun(io, { stdout: answer.output, stderr: answer.error, exitCode: failed ? 1 : 0 })
  }
  return true
}

function probe(host: DemoHost): string {
  if (host.libvirt === null) return 'virthelm-probe missing\n'
  if (host.faults.libvirtDown)
    return `virthelm-probe read\n${CONNECT_FAILED}virthelm-probe write 1\n${CONNECT_FAILED}virthelm-probe end 1\n`
  const { libvirtVersion, qemuVersion } = host.libvirt
  return `virthelm-probe read
Compiled against library: libvirt ${libvirtVersion}
Using library: libvirt ${libvirtVersion}
Using API: QEMU ${libvirtVersion}
Running hypervisor: QEMU ${qemuVersion}

virthelm-probe write 0
qemu:///system

virthelm-probe end 0
`
}

function write(host: DemoHost, uuid: string, action: DemoDomainAction): string | null {
  if (host.faults.libvirtDown) return `failed to connect to the hypervisor\nerror: ${SOCKET_DOWN}`
  const domain = host.domains.find((candidate) => candidate.uuid === uuid)
  if (domain === undefined) return `failed to get domain '${uuid}'`
  return host.act(domain, action)
}

function finish(io: LaneIo, stdout: string, exitCode: number): void {
  answerRun(io, { stdout, stderr: '', exitCode })
}
