/** The host sampler over one resident shell per connection (docs/sampling.md). */
import { AppError } from '#contract/errors.ts'
import type { EntityValues } from '#contract/metric-catalogue.ts'
import type { Capability, ServerFacts } from '#contract/servers.ts'
import type { Clock } from '../../application/clock.ts'
import type { Log } from '../../application/platform/platform.ts'
import type { HostSample, HostSampler, HostSampling } from '../../application/sampling/host-sampler.ts'
import type { Connection } from '../../application/servers/connection.ts'
import { deriveSample, type HostStep } from '../../domain/metrics/derive-sample.ts'
import { parseHostFacts } from '../../domain/metrics/facts.ts'
import { type HostFrame, parseHostFrame, splitFrame } from '../../domain/metrics/frame.ts'
import type { ProcessReading } from '../../domain/processes/derive-processes.ts'
import type { FileSystemDetail } from '../../domain/metrics/derive-file-systems.ts'
import {
  type CountReason,
  countReasons,
  type Inventory,
  looksLikeWholeDisk,
  parseInventory
} from '../../domain/metrics/inventory.ts'
import { FileSystemLane } from './file-system-lane.ts'
import { ProcessReader } from './process-reader.ts'
import { openResidentShell } from './open-resident-shell.ts'
import type { ResidentShell } from './resident-shell.ts'
import { SAMPLER_SCRIPT } from './scripts.ts'

const START_DEADLINE_MS = 15_000
const FRAME_DEADLINE_MS = 8_000
const FACTS_DEADLINE_MS = 15_000
const MAX_FRAME_BYTES = 2 * 1024 * 1024
/** What a server is made of is looked at again this often, and soon when a frame shows something unknown. */
const INVENTORY_EVERY_MS = 60_000
const INVENTORY_SOON_MS = 5_000

/** `script`: only tests and benchmarks run another one. */
export function createHostSampler(
  deps: { log: Log; clock: Clock },
  script: string = SAMPLER_SCRIPT
): HostSampler {
  return {
    async start(connection, { signal }) {
      const shell = await openResidentShell(connection, {
        lane: 'sampler',
        script,
        signal,
        deadlineMs: START_DEADLINE_MS
      })
      const sampling = new ResidentHostSampling(connection, shell, deps)
      try {
        await sampling.refreshInventory(signal)
      } catch (error) {
        sampling.close()
        throw error
      }
      return sampling
    }
  }
}

class ResidentHostSampling implements HostSampling {
  readonly #connection: Connection
  readonly #shell: ResidentShell
  readonly #log: Log
  readonly #clock: Clock
  readonly #fileSystems: FileSystemLane
  readonly #processes: ProcessReader
  #inventory: Inventory = parseInventory('')
  #inventoryAtMs = Number.NEGATIVE_INFINITY
  #somethingNew = false
  #clockSkewMs: number | null = null
  #previous: HostStep | null = null
  #chosen: ReadonlySet<string> | null = null
  #turn: Promise<unknown> = Promise.resolve()

  constructor(connection: Connection, shell: ResidentShell, deps: { log: Log; clock: Clock }) {
    this.#connection = connection
    this.#shell = shell
    this.#log = deps.log
    this.#clock = deps.clock
    this.#fileSystems = new FileSystemLane(connection, deps.clock)
    this.#processes = new ProcessReader(shell, deps.clock)
  }

  /** Samples are derived one after the other, also when a caller does not wait for the last one. */
  sample(signal: AbortSignal): Promise<HostSample> {
    const turn = this.#turn.then(() => this.#sampleNow(signal))
    this.#turn = turn.then(
      () => undefined,
      () => undefined
    )
    return turn
  }

  async #sampleNow(signal: AbortSignal): Promise<HostSample> {
    if (this.#inventoryIsDue()) await this.refreshInventory(signal)
    const atMs = this.#clock.nowMs()
    const body = await this.#shell.exchange('s', {
      signal,
      deadlineMs: FRAME_DEADLINE_MS,
      maxBytes: MAX_FRAME_BYTES
    })
    const sections = splitFrame(body, this.#inventory.files)
    const frame = sections === null ? null : parseHostFrame(sections)
    if (frame === null)
      throw new AppError('protocolViolation', { params: { problem: 'frame without uptime' } })
    const step = { frame, inventory: this.#inventory, chosen: this.#chosen }
    const { entities, brokenBy } = deriveSample(this.#previous, step)
    this.#previous = step
    this.#somethingNew = showsSomethingNew(frame, this.#inventory)
    return { atMs, uptimeSec: frame.uptimeSec, entities: this.#withClockSkew(entities), brokenBy }
  }

  async readFacts(signal: AbortSignal): Promise<ServerFacts> {
    const body = await this.#shell.exchange('f', {
      signal,
      deadlineMs: FACTS_DEADLINE_MS,
      maxBytes: MAX_FRAME_BYTES
    })
    const { uptimeSec, ...facts } = parseHostFacts(this.#shell.sections(body, 'fact'))
    return {
      ...facts,
      // By the workstation's clock: the server's may be wrong, and its boot time moves with it.
      bootedAtMs: uptimeSec === null ? null : Math.max(0, Math.round(this.#clock.nowMs() - uptimeSec * 1000)),
      sshServer: this.#connection.serverSoftware.slice(0, 256),
      libvirtVersion: null,
      hypervisorVersion: null,
      serialNumber: null,
      memoryModules: null,
      memorySlots: null
    }
  }

  readFileSystems(signal: AbortSignal): Promise<readonly EntityValues[]> {
    return this.#fileSystems.read(signal)
  }

  readProcesses(signal: AbortSignal): Promise<ProcessReading> {
    return this.#processes.read(signal)
  }

  fileSystemDetails(): readonly FileSystemDetail[] {
    return this.#fileSystems.details
  }

  countReasons(): ReadonlyMap<string, CountReason> {
    const present = this.#previous?.frame.interfaces.keys() ?? []
    return countReasons(this.#inventory, present, this.#chosen)
  }

  countInterfaces(chosen: readonly string[] | null): void {
    this.#chosen = chosen === null ? null : new Set(chosen)
  }

  capabilities(): readonly Capability[] {
    const host: Capability = { id: 'host', works: true, cause: null, fix: null }
    const fileSystems = this.#fileSystems.capability
    return [host, pressureCapability(this.#inventory), ...(fileSystems === null ? [] : [fileSystems])]
  }

  close(): void {
    this.#shell.close()
    this.#fileSystems.close()
  }

  /** Reads what the server is made of, and its clock. */
  async refreshInventory(signal: AbortSignal): Promise<void> {
    const before = { wallMs: this.#clock.nowMs(), monotonicMs: this.#clock.monotonicMs() }
    const body = await this.#shell.exchange('i', {
      signal,
      deadlineMs: FRAME_DEADLINE_MS,
      maxBytes: MAX_FRAME_BYTES
    })
    const roundTripMs = this.#clock.monotonicMs() - before.monotonicMs
    const inventory = parseInventory(body)
    if (inventory.files.length === 0) {
      throw new AppError('protocolViolation', { params: { problem: 'no file list' } })
    }
    const appeared = inventory.files.join() !== this.#inventory.files.join()
    if (appeared) this.#log.debug('sampler.filesFound', { files: inventory.files })
    this.#inventory = inventory
    this.#inventoryAtMs = this.#clock.monotonicMs()
    this.#somethingNew = false
    this.#clockSkewMs =
      inventory.clock === null ? null : Math.round(inventory.clock.atMs - (before.wallMs + roundTripMs / 2))
  }

  #inventoryIsDue(): boolean {
    const ageMs = this.#clock.monotonicMs() - this.#inventoryAtMs
    return ageMs >= (this.#somethingNew ? INVENTORY_SOON_MS : INVENTORY_EVERY_MS)
  }

  #withClockSkew(entities: readonly EntityValues[]): readonly EntityValues[] {
    const skew = this.#clockSkewMs
    if (skew === null) return entities
    return entities.map((entity) =>
      entity.kind === 'server' ? { ...entity, values: { ...entity.values, clockSkewMs: skew } } : entity
    )
  }
}

function showsSomethingNew(frame: HostFrame, inventory: Inventory): boolean {
  for (const name of frame.interfaces.keys()) if (!inventory.interfaces.has(name)) return true
  if (inventory.disks === null) return false
  for (const [device, disk] of frame.disks) {
    if (!inventory.knownDevices.has(device) && looksLikeWholeDisk(disk.name)) return true
  }
  return false
}

/** Pressure came with Linux 4.20; some distributions leave it off until the kernel is told `psi=1`. */
function pressureCapability(inventory: Inventory): Capability {
  if (inventory.files.some((file) => file.startsWith('/proc/pressure/'))) {
    return { id: 'pressure', works: true, cause: null, fix: null }
  }
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(inventory.kernelRelease ?? '') ?? []
  const tooOld = major !== undefined && Number(major) * 1000 + Number(minor) < 4020
  return {
    id: 'pressure',
    works: false,
    cause: tooOld ? 'kernelTooOld' : 'unreadable',
    fix: tooOld ? null : 'grubby --update-kernel=ALL --args=psi=1'
  }
}
