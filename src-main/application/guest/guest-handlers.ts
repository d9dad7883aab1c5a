/** What guests say about themselves, asked when somebody looks. Agents have a slow lane: one at a time on each server. */
import type { Handlers } from '#contract/define.ts'
import { AppError } from '#contract/errors.ts'
import type { AgentState, GuestAddress, GuestFacts } from '#contract/guest.ts'
import type { ServerId, VmRef } from '#contract/ids.ts'
import type { VirthelmContract } from '#contract/index.ts'
import { type JournalDeps, journalled, sessionOf } from '../operations/journal-row.ts'
import type { ServerDirectory } from '../servers/server-directory.ts'
import type { ServerRuntime } from '../servers/server-runtime.ts'
import type { AgentAnswer, GuestAsker, GuestOutside } from './guest-asker.ts'

export interface GuestDeps extends JournalDeps {
  readonly directory: ServerDirectory
  /** How long an answer may wait for the agent; absent: a moment. For tests. */
  readonly patienceMs?: number
}

const ASK_EVERY_MS = 60_000
/** One that did not answer costs a worker of libvirtd for some seconds: it gets a longer pause. */
const ASK_SILENT_EVERY_MS = 300_000
const PATIENCE_MS = 1_500
const READ_DEADLINE_MS = 15_000
const AGENT_DEADLINE_MS = 30_000
/** VMs whose last answer is kept. */
const MAX_KEPT = 2_000

interface Kept {
  answer: AgentAnswer | null
  atMs: number | null
  /** By the monotonic clock. null = it may be asked now. */
  askedMs: number | null
  asking: Promise<void> | null
}

export function guestHandlers(deps: GuestDeps): Pick<Handlers<VirthelmContract>, 'guest.facts'> {
  const facts = new GuestFactsKeeper(deps)
  return { 'guest.facts': (vm, { signal }) => facts.read(vm, signal) }
}

class GuestFactsKeeper {
  readonly #deps: GuestDeps
  readonly #kept = new Map<string, Kept>()
  /** The agents of one server one after the other: a hung one holds up no more than those. */
  readonly #lanes = new Map<ServerId, Promise<void>>()

  constructor(deps: GuestDeps) {
    this.#deps = deps
  }

  async read(vm: VmRef, signal: AbortSignal): Promise<GuestFacts> {
    const runtime = this.#deps.directory.get(vm.serverId)
    const asker = sessionOf(runtime).guests
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(READ_DEADLINE_MS)])
    const outside = await asker.outside(vm.vmUuid, deadline)
    const obstacle = obstacleOf(runtime, asker, outside)
    const key = `${vm.serverId}/${vm.vmUuid}`
    if (obstacle !== null) {
      // What it said in an earlier run of the VM, or before its agent was gone, is no fact any more.
      if (obstacle !== 'notResponding') this.#kept.delete(key)
      return shown(outside, obstacle, this.#kept.get(key) ?? null, this.#deps.clock.nowMs())
    }
    const kept = this.#keptOf(key)
    if (this.#isDue(kept)) this.#ask(vm, runtime, asker, kept)
    if (kept.asking !== null) await within(kept.asking, this.#deps.patienceMs ?? PATIENCE_MS)
    return shown(outside, stateOf(kept), kept, this.#deps.clock.nowMs())
  }

  #keptOf(key: string): Kept {
    const kept = this.#kept.get(key) ?? { answer: null, atMs: null, askedMs: null, asking: null }
    this.#kept.delete(key)
    this.#kept.set(key, kept)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest)
    return kept
  }

  #isDue({ answer, askedMs, asking }: Kept): boolean {
    if (asking !== null) return false
    const pauseMs = answer?.kind === 'silent' ? ASK_SILENT_EVERY_MS : ASK_EVERY_MS
    return askedMs === null || this.#deps.clock.monotonicMs() - askedMs >= pauseMs
  }

  #ask(vm: VmRef, runtime: ServerRuntime, asker: GuestAsker, kept: Kept): void {
    const { clock } = this.#deps
    kept.askedMs = clock.monotonicMs()
    const name = runtime.machines.view(vm.vmUuid)?.name ?? vm.vmUuid
    const turn = async (): Promise<void> => {
      const operation = {
        action: 'machine.agentTimeout',
        record: runtime.record,
        vm: { uuid: vm.vmUuid, name }
      }
      try {
        kept.answer = await journalled(operation, this.#deps, (journal) =>
          asker.agent(vm.vmUuid, journal, AbortSignal.timeout(AGENT_DEADLINE_MS))
        )
        kept.atMs = clock.nowMs()
      } catch (error) {
        // The link or the daemon: it says nothing about the agent, and shows elsewhere.
        if (!(error instanceof AppError)) throw error
        kept.askedMs = null
      }
    }
    const before = this.#lanes.get(vm.serverId) ?? Promise.resolve()
    const asking = before.then(turn).finally(() => {
      kept.asking = null
    })
    kept.asking = asking
    this.#lanes.set(
      vm.serverId,
      // Told to whoever asks (`kept.asking`); the next of this server only waits for its turn.
      asking.catch(() => undefined)
    )
  }
}

/** Why the agent is not asked; null: it is. */
function obstacleOf(runtime: ServerRuntime, asker: GuestAsker, outside: GuestOutside): AgentState | null {
  if (!outside.isActive) return 'off'
  if (outside.channel === 'none') return 'noChannel'
  if (!outside.isResponding) return 'notResponding'
  // libvirt takes the question for a write. A server that is only looked at is sent none.
  if (runtime.record.lookOnly) return 'lookOnly'
  if (!asker.mayAskAgents) return 'noRight'
  return outside.channel === 'disconnected' ? 'notConnected' : null
}

const stateOf = ({ answer }: Kept): AgentState => answer?.kind ?? 'asking'

function shown(outside: GuestOutside, state: AgentState, kept: Kept | null, atMs: number): GuestFacts {
  const answer = kept?.answer ?? null
  const facts = answer?.kind === 'answered' ? answer.facts : null
  const inside = answer?.kind === 'answered' ? answer.addresses : []
  return {
    addresses: merged([...inside, ...outside.addresses]),
    atMs,
    agent: {
      state,
      atMs: kept?.atMs ?? null,
      message: answer?.kind === 'failed' ? answer.message : null,
      facts
    }
  }
}

/** Each address once, by whoever knows most about it: the agent stands first. */
function merged(addresses: readonly GuestAddress[]): GuestAddress[] {
  const seen = new Map<string, GuestAddress>()
  for (const one of addresses) {
    const [bare = ''] = one.address.split('/')
    if (!seen.has(bare)) seen.set(bare, one)
  }
  return [...seen.values()]
}

async function within(work: Promise<void>, ms: number): Promise<void> {
  const late = Promise.withResolvers<void>()
  const timer = setTimeout(late.resolve, ms)
  await Promise.race([work, late.promise]).finally(() => clearTimeout(timer))
}
