/** The lane of disks' health: every half hour, one disk after the other, without waking any. */
import { AppError } from '#contract/errors.ts'
import type { SmartProblem, SmartState } from '#contract/hardware.ts'
import type { EntityValues, MetricValues } from '#contract/metric-catalogue.ts'
import type { Capability } from '#contract/servers.ts'
import { parseSmart, type SmartOutcome, type SmartValues } from '../../domain/hardware/smart.ts'
import type { LaneContext, LaneReading, LaneSession } from '../telemetry/lane.ts'
import { ALLOW_SMART, installSmart } from './fixes.ts'
import { SMART_LIST_SCRIPT, smartScript } from './scripts.ts'

export const SMART_EVERY_MS = 30 * 60_000
/** While something is missing: so that a fix shows soon. */
export const SMART_AGAIN_MS = 5 * 60_000

const LIST_DEADLINE_MS = 15_000
const DISK_DEADLINE_MS = 30_000
const MAX_OUTPUT_BYTES = 1024 * 1024
const MAX_DISKS = 256
/** Names of the kernel's drivers for real disks. Others (vd, xvd, nbd, rbd, mmcblk) have no health to tell. */
const REAL_DISK = /^(?:sd[a-z]{1,4}|hd[a-z]{1,2}|nvme\d{1,4}n\d{1,4})$/

export interface SmartBoard {
  readonly atMs: number
  readonly disks: ReadonlyMap<string, SmartState>
  readonly capability: Capability
}

const NEVER: SmartState = { readAtMs: null, report: null, asleep: false, problem: null }

export class SmartSession implements LaneSession {
  readonly #context: LaneContext
  readonly #publish: (board: SmartBoard) => void
  #known: ReadonlyMap<string, SmartState>
  #underWay: Promise<SmartBoard> | null = null

  constructor(context: LaneContext, known: SmartBoard | null, publish: (board: SmartBoard) => void) {
    this.#context = context
    this.#publish = publish
    this.#known = known?.disks ?? new Map()
  }

  async read(signal: AbortSignal): Promise<LaneReading> {
    const { disks, capability, atMs } = await this.readNow(signal)
    const entities = [...disks].flatMap(([key, { report, readAtMs }]) =>
      report === null || readAtMs !== atMs ? [] : [entityOf(key, report)]
    )
    return { entities, capabilities: [capability] }
  }

  /** Also when the operator asks; who comes while it is under way gets the same. */
  readNow(signal: AbortSignal): Promise<SmartBoard> {
    this.#underWay ??= this.#ask(signal).finally(() => {
      this.#underWay = null
    })
    return this.#underWay
  }

  close(): void {
    // Its scripts end with the tools' shell.
  }

  async #ask(signal: AbortSignal): Promise<SmartBoard> {
    const { tools, clock } = this.#context
    const atMs = clock.nowMs()
    const { stdout } = await tools.run(SMART_LIST_SCRIPT, { signal, deadlineMs: LIST_DEADLINE_MS })
    const lines = stdout.split('\n')
    const names = lines
      .flatMap((line) => /^disk ([A-Za-z0-9!_-]{1,64})$/.exec(line)?.[1] ?? [])
      .slice(0, MAX_DISKS)
    const hasTool = lines.includes('tool')
    const packageTool = lines.flatMap((line) => /^packages ([a-z-]{2,16})$/.exec(line)?.[1] ?? [])[0] ?? null
    const disks = new Map<string, SmartState>()
    for (const name of names) {
      const before = this.#known.get(name) ?? NEVER
      if (!REAL_DISK.test(name)) disks.set(name, { ...before, problem: 'virtual' })
      else if (!hasTool) disks.set(name, { ...before, problem: 'toolMissing' })
      else disks.set(name, stateAfter(before, await this.#askDisk(name, signal), atMs))
    }
    this.#known = disks
    const board = { atMs, disks, capability: capabilityOf(disks, packageTool) }
    this.#publish(board)
    return board
  }

  /** A disk that does not answer costs only itself. */
  async #askDisk(name: string, signal: AbortSignal): Promise<SmartOutcome | { kind: 'timedOut' }> {
    const { tools, sudo } = this.#context
    try {
      const options = { signal, deadlineMs: DISK_DEADLINE_MS, maxBytes: MAX_OUTPUT_BYTES }
      const { stdout, exitCode } = await tools.run(smartScript(sudo(), name), options)
      return parseSmart(stdout, exitCode)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      if (error.code === 'deadlineExceeded') return { kind: 'timedOut' }
      if (error.code === 'outputTooLarge') return { kind: 'problem', problem: 'unreadable' }
      throw error
    }
  }
}

function stateAfter(
  before: SmartState,
  outcome: SmartOutcome | { kind: 'timedOut' },
  atMs: number
): SmartState {
  switch (outcome.kind) {
    case 'read':
      return { readAtMs: atMs, report: outcome.report, asleep: false, problem: null }
    case 'asleep':
      return { ...before, asleep: true, problem: null }
    case 'timedOut':
      return { ...before, asleep: false, problem: 'timedOut' }
    case 'problem':
      return { ...before, asleep: false, problem: outcome.problem }
  }
}

function entityOf(key: string, report: SmartValues): EntityValues<'disk'> {
  const values: MetricValues<'disk'> = {}
  const put = (metric: keyof MetricValues<'disk'>, value: number | null): void => {
    if (value !== null) values[metric] = value
  }
  put('temperatureCelsius', report.temperatureCelsius)
  put('wearUsedRatio', report.wearUsedRatio)
  put('reallocatedSectors', report.reallocatedSectors)
  put('pendingSectors', report.pendingSectors)
  put('powerOnSec', report.powerOnSec)
  put('healthy', report.healthy === null ? null : report.healthy ? 1 : 0)
  return { kind: 'disk', key, values }
}

/** The worst that can be mended is what the panel says; one disk that answers is enough for "works". */
function capabilityOf(disks: ReadonlyMap<string, SmartState>, packageTool: string | null): Capability {
  const states = [...disks.values()]
  const missing = (cause: NonNullable<Capability['cause']>, fix: string | null): Capability => ({
    id: 'smart',
    works: false,
    cause,
    fix
  })
  const has = (problem: SmartProblem): boolean => states.some((state) => state.problem === problem)
  if (states.some(({ problem }) => problem === null)) {
    return { id: 'smart', works: true, cause: null, fix: null }
  }
  if (has('permissionDenied')) return missing('permissionDenied', ALLOW_SMART)
  if (has('toolMissing')) return missing('toolMissing', installSmart(packageTool))
  if (has('toolTooOld')) return missing('unreadable', installSmart(packageTool))
  if (has('timedOut')) return missing('stalled', null)
  if (has('unreadable')) return missing('unreadable', null)
  return missing('notPresent', null)
}
