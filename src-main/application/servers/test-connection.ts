/** "Test": goes through every step of reaching a server, without saving anything, and says which one fails and why. */
import { AppError } from '#contract/errors.ts'
import type { ServerId } from '#contract/ids.ts'
import { TestStepId } from '#contract/servers.ts'
import type { ConnectionFailure, HostKey, ServerDraft, TestStep } from '#contract/servers.ts'
import type { Clock } from '../clock.ts'
import { sudoState } from '../../domain/capabilities/sudo.ts'
import type { SudoProbe } from '../capabilities/sudo-lane.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import type { Tools } from '../telemetry/tools.ts'
import type { Hypervisor } from '../machines/hypervisor.ts'
import type { HostSampler } from '../sampling/host-sampler.ts'
import type { Connection, Connector } from './connection.ts'
import type { PromptBroker } from './prompt-broker.ts'
import type { HeldSecrets } from './secret-vault.ts'

export interface TestDeps {
  readonly connector: Connector
  readonly sampler: HostSampler
  readonly hypervisor: Hypervisor
  readonly prompts: PromptBroker
  readonly clock: Clock
  readonly toolsOf: (connection: Connection) => Tools
  readonly sudoProbe: SudoProbe
  readonly telemetry: Pick<Telemetry, 'sudoCommands'>
  readonly onHostKeyShown: (key: HostKey) => void
}

export interface TestRequest {
  readonly serverId: ServerId | null
  readonly draft: ServerDraft
  readonly secrets: HeldSecrets
  readonly signal: AbortSignal
  readonly onStep: (step: TestStep) => void
}

type Detail = TestStep['detail']

/** Resolves with all steps; only a cancelled test rejects. */
export async function testConnection(deps: TestDeps, request: TestRequest): Promise<TestStep[]> {
  const steps = new Steps(deps, request.onStep)
  let connection: Connection | null = null
  try {
    connection = await reach(deps, request, steps)
    await steps.run('shell', async () => {
      const sampling = await deps.sampler.start(connection as Connection, { signal: request.signal })
      const facts = await sampling.readFacts(request.signal).finally(() => sampling.close())
      return { distribution: facts.distribution ?? '', kernel: facts.kernelRelease ?? '' }
    })
    await testLibvirt(deps, request, connection, steps)
    await testSudo(deps, request, connection, steps)
  } catch (error) {
    if (request.signal.aborted) throw error
    steps.fail(error)
  } finally {
    connection?.close()
  }
  return steps.all()
}

function reach(deps: TestDeps, request: TestRequest, steps: Steps): Promise<Connection> {
  steps.begin('resolve')
  return deps.connector.connect({
    serverId: request.serverId,
    settings: request.draft.connection,
    password: request.secrets.password,
    passphrase: request.secrets.passphrase,
    signal: request.signal,
    prompt: (question, signal) => deps.prompts.ask(request.draft.name, question, signal),
    onStage: (step, state, detail) => {
      if (state === 'running') steps.begin(step)
      else steps.pass(step, detail)
    }
  })
}

/** A server without libvirt is a normal server: these steps warn and do not fail the test. */
async function testLibvirt(
  deps: TestDeps,
  request: TestRequest,
  connection: Connection,
  steps: Steps
): Promise<void> {
  steps.begin('virsh')
  try {
    const session = await deps.hypervisor.open(connection, { signal: request.signal })
    try {
      const machines = await session.list(request.signal)
      steps.pass('virsh', { libvirt: session.libvirtVersion ?? '', machines: machines.length })
      const write = session.capabilities.find((capability) => capability.id === 'libvirtWrite')
      steps.begin('rights')
      if (write && !write.works) steps.warn('rights', { fix: write.fix ?? '', cause: write.cause ?? '' })
      else steps.pass('rights', {})
    } finally {
      session.close()
    }
  } catch (error) {
    if (request.signal.aborted || !(error instanceof AppError)) throw error
    const capability = deps.hypervisor.capabilitiesOf(error)[0]
    steps.warn('virsh', { cause: capability?.cause ?? '', fix: capability?.fix ?? '', code: error.code })
    steps.skip('rights')
  }
}

/** Only where the operator wants sudo to be used. Without it the server works, with less: a warning. */
async function testSudo(
  deps: TestDeps,
  { draft, signal }: TestRequest,
  connection: Connection,
  steps: Steps
): Promise<void> {
  if (!draft.useSudo) {
    steps.skip('sudo')
    return
  }
  steps.begin('sudo')
  const tools = deps.toolsOf(connection)
  try {
    const { works, cause, fix } = sudoState(await deps.sudoProbe(tools, deps.telemetry.sudoCommands, signal))
    if (works) steps.pass('sudo', {})
    else steps.warn('sudo', { cause, fix: fix ?? '' })
  } finally {
    tools.close()
  }
}

class Steps {
  readonly #deps: TestDeps
  readonly #onStep: (step: TestStep) => void
  readonly #steps = new Map<TestStepId, TestStep>()
  readonly #startedAtMs = new Map<TestStepId, number>()
  #current: TestStepId = 'resolve'

  constructor(deps: TestDeps, onStep: (step: TestStep) => void) {
    this.#deps = deps
    this.#onStep = onStep
  }

  begin(step: TestStepId): void {
    this.#current = step
    if (!this.#startedAtMs.has(step)) this.#startedAtMs.set(step, this.#deps.clock.monotonicMs())
    this.#set(step, 'running', {}, null)
  }

  pass(step: TestStepId, detail: Detail): void {
    this.#set(step, 'passed', detail, null)
  }

  warn(step: TestStepId, detail: Detail): void {
    this.#set(step, 'warned', detail, null)
  }

  skip(step: TestStepId): void {
    this.#set(step, 'skipped', {}, null)
  }

  async run(step: TestStepId, work: () => Promise<Detail>): Promise<void> {
    this.begin(step)
    this.pass(step, await work())
  }

  /** The step under way failed; those behind it are skipped. */
  fail(error: unknown): void {
    const appError = error instanceof AppError ? error : new AppError('internal', { cause: error })
    const keys = this.#deps.connector.hostKeyFailureOf(error)
    if (keys) this.#deps.onHostKeyShown(keys.shown)
    const failure: ConnectionFailure = {
      error: appError.toInfo(),
      hostKey: keys ? { shown: keys.shown, expected: [...keys.expected] } : null
    }
    // A host key is judged inside the connect stage of some servers: blame the step it belongs to.
    const failed: TestStepId = keys ? 'hostKey' : this.#current
    this.#set(failed, 'failed', {}, failure)
    for (const step of TestStepId.options.slice(TestStepId.options.indexOf(failed) + 1)) {
      this.#set(step, 'skipped', {}, null)
    }
  }

  all(): TestStep[] {
    return TestStepId.options.flatMap((step) => this.#steps.get(step) ?? [])
  }

  #set(step: TestStepId, state: TestStep['state'], detail: Detail, failure: ConnectionFailure | null): void {
    const startedAtMs = this.#startedAtMs.get(step)
    const running = state === 'running' || startedAtMs === undefined
    const durationMs = running ? null : Math.round(this.#deps.clock.monotonicMs() - startedAtMs)
    const entry: TestStep = { step, state, durationMs, detail, failure }
    this.#steps.set(step, entry)
    this.#onStep(entry)
  }
}
