/** Asks about a guest from outside (leases, ARP) and, in a lane of its own, the agent inside. */
import { AppError } from '#contract/errors.ts'
import type { GuestAddress } from '#contract/guest.ts'
import type { VmUuid } from '#contract/ids.ts'
import type { AgentAnswer, GuestAsker, GuestOutside } from '../../application/guest/guest-asker.ts'
import type { ActionJournal } from '../../application/machines/hypervisor.ts'
import type { Connection } from '../../application/servers/connection.ts'
import { parseDomcontrol } from '../../domain/libvirt/domcontrol.ts'
import { agentFailureOf, parseDomifaddr, parseGuestInfo } from '../../domain/libvirt/guest-info.ts'
import { quote } from '../ssh/quote.ts'
import { hardwareOf } from './configuration/hardware-xml.ts'
import { parseXml, XmlProblem } from './configuration/xml-tree.ts'
import { connectionFailureOf, type LaneHolder } from './lane-holder.ts'
import { LISTING, listingOf } from './machine-catalogue.ts'
import type { Virsh } from './virsh.ts'
import { ENVIRONMENT } from './virsh-scripts.ts'

export interface GuestAskerDeps {
  readonly lane: LaneHolder
  readonly connection: Connection
  readonly virsh: Virsh
  readonly uri: string
  readonly mayAskAgents: boolean
  isHung(uuid: string): boolean
}

const LANE_DEADLINE_MS = 4_000
const OUTSIDE_DEADLINE_MS = 5_000
/** How long libvirt waits for one answer of an agent. Without it an agent could hold a worker of libvirtd for ever. */
const AGENT_TIMEOUT_SEC = 3
const AGENT_DEADLINE_MS = 15_000
const AGENT_MAX_BYTES = 1024 * 1024
const OCCUPIED_MS = 800
const MAX_MESSAGE_CHARS = 1_000
const MARK = 'virthelm-guestinfo'

export function createGuestAsker(deps: GuestAskerDeps): GuestAsker {
  /** Runs of VMs (UUID and libvirt's number) whose agents have their time limit. */
  const limited = new Set<string>()

  return {
    mayAskAgents: deps.mayAskAgents,
    outside: (uuid, signal) => outside(deps, uuid, signal),
    async agent(uuid, journal, signal) {
      const run = await runOf(deps, uuid, signal)
      if (run === null) return { kind: 'notConnected' }
      if (!limited.has(run)) {
        const refusal = await limit(deps, uuid, journal, signal)
        if (refusal !== null) return refusal
        limited.add(run)
      }
      return ask(deps, uuid, signal)
    }
  }
}

async function outside(deps: GuestAskerDeps, uuid: VmUuid, signal: AbortSignal): Promise<GuestOutside> {
  const [listing, control, xml] = await deps.lane.call([LISTING, `domcontrol ${uuid}`, `dumpxml ${uuid}`], {
    signal,
    deadlineMs: LANE_DEADLINE_MS
  })
  const listed = listingOf(listing).find((domain) => domain.uuid === uuid)
  if (listed === undefined) throw new AppError('vmNotFound', { params: { vmUuid: uuid } })
  const isActive = listed.id !== null
  const monitor = parseDomcontrol(control?.output ?? '')
  const isStuck = monitor.kind === 'occupied' && monitor.forMs >= OCCUPIED_MS
  return {
    isActive,
    isResponding: !isStuck && !deps.isHung(uuid),
    channel: channelOf(xml?.output.trim() ?? ''),
    addresses: isActive ? await outsideAddresses(deps, uuid, signal) : []
  }
}

function channelOf(xml: string): GuestOutside['channel'] {
  try {
    return hardwareOf(parseXml(xml))?.agentChannel ?? 'unknown'
  } catch (error) {
    if (error instanceof XmlProblem) return 'unknown'
    throw error
  }
}

/** One of the two may not be had (a bridge without libvirt's DHCP, a kernel without its table): then the other is enough. */
async function outsideAddresses(
  { virsh }: GuestAskerDeps,
  uuid: VmUuid,
  signal: AbortSignal
): Promise<readonly GuestAddress[]> {
  const found = await Promise.all(
    (['lease', 'arp'] as const).map(async (source): Promise<GuestAddress[]> => {
      try {
        const words = ['domifaddr', uuid, '--full', '--source', source]
        const output = await virsh.read(words, { signal, deadlineMs: OUTSIDE_DEADLINE_MS })
        return parseDomifaddr(output).map((one) => ({ ...one, source }))
      } catch (error) {
        if (error instanceof AppError && ['libvirtFailed', 'deadlineExceeded'].includes(error.code)) return []
        throw error
      }
    })
  )
  return found.flat()
}

async function runOf({ lane }: GuestAskerDeps, uuid: VmUuid, signal: AbortSignal): Promise<string | null> {
  const [listing] = await lane.call([LISTING], { signal, deadlineMs: LANE_DEADLINE_MS })
  const id = listingOf(listing).find((domain) => domain.uuid === uuid)?.id ?? null
  return id === null ? null : `${uuid} ${id}`
}

/** null: libvirt waits no longer than that from now on. Else the answer that stands for its refusal. */
async function limit(
  { virsh }: GuestAskerDeps,
  uuid: VmUuid,
  journal: ActionJournal,
  signal: AbortSignal
): Promise<AgentAnswer | null> {
  const args = ['guest-agent-timeout', uuid, '--timeout', String(AGENT_TIMEOUT_SEC)]
  try {
    await virsh.write({ args }, journal, { signal, deadlineMs: OUTSIDE_DEADLINE_MS })
    return null
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    if (error.code === 'libvirtDenied') return { kind: 'noRight' }
    if (error.code !== 'libvirtFailed') throw error
    const message = String(error.params.stderr ?? '')
    // A libvirt before 5.10 has no limit, and would wait for a hung agent with a worker for each question.
    return { kind: 'failed', message: message.slice(0, MAX_MESSAGE_CHARS) }
  }
}

/** Both questions in one run; the second only when the first was answered. */
async function ask(
  { connection, uri }: GuestAskerDeps,
  uuid: VmUuid,
  signal: AbortSignal
): Promise<AgentAnswer> {
  const virsh = (...words: string[]): string => ['virsh', '-q', '-c', uri, ...words].map(quote).join(' ')
  const script = `${ENVIRONMENT}
${virsh('domifaddr', uuid, '--full', '--source', 'agent')} </dev/null || exit 1
echo ${MARK}
${virsh('guestinfo', uuid)} </dev/null
`
  const options = { signal, deadlineMs: AGENT_DEADLINE_MS, maxBytes: AGENT_MAX_BYTES }
  let answer: Awaited<ReturnType<Connection['run']>>
  try {
    answer = await connection.run(script, options)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    if (error.code === 'deadlineExceeded') return { kind: 'silent' }
    if (error.code === 'outputTooLarge') return { kind: 'failed', message: 'too much output' }
    throw error
  }
  const { exitCode, stdout, stderr } = answer
  if (exitCode !== 0) return refusalOf(stderr)
  const [interfaces = '', info = ''] = stdout.split(`${MARK}\n`)
  const facts = parseGuestInfo(info)
  return {
    kind: 'answered',
    addresses: parseDomifaddr(interfaces).map((one) => ({ ...one, source: 'agent' })),
    facts: {
      ...facts,
      fileSystems: facts.fileSystems === null ? null : [...facts.fileSystems],
      users: facts.users === null ? null : [...facts.users]
    }
  }
}

function refusalOf(stderr: string): AgentAnswer {
  const message = stderr.trim()
  const kind = agentFailureOf(message)
  if (kind !== null) return { kind }
  const connection = connectionFailureOf(message)
  if (connection?.code === 'libvirtDenied') return { kind: 'noRight' }
  if (connection !== null) throw connection
  return { kind: 'failed', message: message.slice(0, MAX_MESSAGE_CHARS) }
}
