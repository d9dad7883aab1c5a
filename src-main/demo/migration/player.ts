/**
 * Plays a VM's way from one demo server to another: the questions before it, the live move that takes its time, and the
 * bytes of a disk (a few lines of text in their place). A server knows the others of its fleet.
 */
import { createHash, type Hash } from 'node:crypto'
import { readDomainFacts } from '../../remote/libvirt/migration/domain-facts.ts'
import type { SimulatedDomain } from '../domains.ts'
import type { SimulatedHost } from '../host.ts'
import { answerRun } from '../lane-run.ts'
import type { LaneIo, LanePlayer } from '../model.ts'
import { parseCall, type VirshCall } from '../virsh/one-shot.ts'
import { answerFor, type DemoMigrationState, FOLDER, MOVE_TAKES_MS } from './answers.ts'

const states = new WeakMap<SimulatedHost, DemoMigrationState>()

function stateOf(host: SimulatedHost): DemoMigrationState {
  const known = states.get(host)
  if (known !== undefined) return known
  const state = { volumes: new Map<string, never>(), job: null, askedAtMs: 0 }
  states.set(host, state)
  return state
}

export function createMigrationPlayer(
  host: SimulatedHost,
  fleet: () => readonly SimulatedHost[]
): LanePlayer {
  return {
    attach(lane, io) {
      if (host.libvirt === null || host.faults.libvirtDown) return false
      if (lane === 'relay-out') send(io)
      else if (lane === 'relay-in') receive(host, io)
      else return lane === 'run' && playScript(host, fleet, io)
      return true
    }
  }
}

/** Scripts travel as one quoted word, whose own quotes are written as '\''. */
function playScript(host: SimulatedHost, fleet: () => readonly SimulatedHost[], io: LaneIo): boolean {
  const script = io.script.replaceAll(`'\\''`, `'`)
  const state = stateOf(host)
  const say = (stdout: string, stderr = '', exitCode = 0): true => {
    answerRun(io, { stdout, stderr, exitCode })
    return true
  }
  if (script.includes('virthelm-host-look')) return say('demo\nbr0\n')
  if (script.includes('virthelm-presence'))
    return say('there\n'.repeat([...script.matchAll(/^look '/gm)].length))
  if (script.includes('virtqemud-sock')) {
    state.askedAtMs = Date.now()
    return say('/run/libvirt/libvirt-sock\n')
  }
  if (script.includes('mktemp -d /tmp/virthelm.')) return say('/tmp/virthelm.demo1234\n')
  if (script.includes('sha256sum')) {
    const volume = [...state.volumes.values()].find(({ name }) => script.includes(`'${name}'`))
    return say(`${volume?.sha256 ?? ''}  -\n`)
  }
  if (script.includes('qemu+ssh://'))
    return say('', 'error: Cannot recv data: Host key verification failed.\n', 1)
  if (/'migrate' '--live'/.test(script)) {
    move(host, fleet(), script, io)
    return true
  }
  const call = parseCall(script)
  const answer = call === null ? null : (define(host, call) ?? answerFor(host, state, call))
  if (answer === null) return false
  return say(answer.output, answer.error, answer.error === '' ? 0 : 1)
}

/** A definition that came from another server of the console. */
function define(
  host: SimulatedHost,
  { words, document }: VirshCall
): { output: string; error: string } | null {
  const facts = words[0] === 'define' && document !== null ? readDomainFacts(document) : null
  if (facts === null) return null
  const origin = host.domains[0]
  if (origin === undefined) return { output: '', error: 'error: no template\n' }
  const paths = facts.disks.map((disk) => disk.path ?? '')
  host.takeIn(renewed(origin, facts, paths, stateOf(host)), false)
  return { output: `Domain '${facts.name}' defined from /dev/stdin\n`, error: '' }
}

function renewed(
  domain: SimulatedDomain,
  { uuid, name }: { readonly uuid: string; readonly name: string },
  paths: readonly string[],
  { volumes }: DemoMigrationState
): SimulatedDomain {
  const disks = domain.disks.map((disk, index) => {
    const source = paths[index] ?? disk.source
    const capacityBytes = volumes.get(source)?.capacityBytes ?? disk.capacityBytes
    return { ...disk, source, capacityBytes, allocationBytes: Math.min(disk.allocationBytes, capacityBytes) }
  })
  return { ...domain, uuid, name, disks, interfaces: domain.interfaces.map((nic) => ({ ...nic })) }
}

function move(host: SimulatedHost, fleet: readonly SimulatedHost[], script: string, io: LaneIo): void {
  const domain = host.domains.find((one) => script.includes(`'${one.uuid}'`))
  const others = fleet.filter((one) => one !== host)
  const target = others.sort((a, b) => stateOf(b).askedAtMs - stateOf(a).askedAtMs)[0]
  const state = stateOf(host)
  if (domain === undefined || target === undefined) {
    answerRun(io, { stdout: '', stderr: 'error: failed to get domain\n', exitCode: 1 })
    return
  }
  const diskBytes = domain.disks.reduce((sum, disk) => sum + disk.allocationBytes, 0)
  const timer = setTimeout(() => end(null), MOVE_TAKES_MS)
  const end = (refusal: string | null): void => {
    clearTimeout(timer)
    if (state.job === null) return
    state.job = null
    if (refusal === null) {
      const paths = [...script.matchAll(/<source file="([^"]*)"/g)].map((match) => match[1] ?? '')
      target.takeIn(renewed(domain, domain, paths.slice(-domain.disks.length), stateOf(target)), true)
      host.sentAway(domain)
    }
    answerRun(io, { stdout: '', stderr: refusal ?? '', exitCode: refusal === null ? 0 : 1 })
  }
  state.job = {
    startedAtMs: Date.now(),
    totalBytes: diskBytes + domain.memoryBalloonBytes,
    stop: () => end('error: operation aborted: migration out job: canceled by client\n')
  }
  io.keepOpen()
  io.onEnd(() => clearTimeout(timer))
}

const LINE = `${'virthelm demo disk '.repeat(850)}\n`
const CHUNKS = 160
const CHUNK_LINES = 16
const EVERY_MS = 40

function send(io: LaneIo): void {
  io.write(`\n${io.marker} ready\n`)
  let left = CHUNKS
  const timer = setInterval(() => {
    io.write(LINE.repeat(CHUNK_LINES))
    left -= 1
    if (left > 0) return
    clearInterval(timer)
    io.writeError(`\n${io.marker} exit 0\n`)
    io.exit(0)
  }, EVERY_MS)
  io.keepOpen()
  io.onEnd(() => clearInterval(timer))
}

function receive(host: SimulatedHost, io: LaneIo): void {
  const hash: Hash = createHash('sha256')
  const name = /'--vol' '([^']*)'/.exec(io.script)?.[1] ?? ''
  io.writeError(`\n${io.marker} ready\n`)
  io.onLine((line) => hash.update(`${line}\n`))
  io.onEnd(() => {
    const volume = stateOf(host).volumes.get(`${FOLDER}/${name}`)
    if (volume !== undefined) volume.sha256 = hash.digest('hex')
    io.writeError(`\n${io.marker} exit 0\n`)
  })
}
