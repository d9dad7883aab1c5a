/** Which VMs should run: those that ran, and that nobody asked to stop from here since. Outlives the console. */
import { z } from 'zod'
import type { JournalEntry } from '#contract/activity.ts'
import { VmUuid } from '#contract/ids.ts'
import type { MachineView } from '#contract/machines.ts'
import { AtMs } from '#contract/units.ts'
import { runs } from './fleet-sight.ts'

/** What the operator may have done to a VM after which it is off, and rightly so. */
const STOPS = new Set([
  'machine.shutDown',
  'machine.forceOff',
  'machine.save',
  'machine.delete',
  'machine.migrate',
  'machine.clone'
])
/** A guest that was asked to shut down and runs on after this long did not obey: it should run again. */
const OBEYS_WITHIN_MS = 600_000
/** Of a VM that is nowhere any more. */
const FORGOTTEN_AFTER_MS = 30 * 86_400_000

const Kept = z.array(z.tuple([VmUuid, z.object({ ranAtMs: AtMs, askedAtMs: AtMs.nullable() })]))

export class MachineMemory {
  readonly #machines = new Map<VmUuid, { ranAtMs: number; askedAtMs: number | null }>()
  #isChanged = false

  /** Takes what `takeChanged` gave an earlier run; what cannot be read is as good as nothing. */
  restore(text: string | undefined): void {
    for (const [uuid, known] of Kept.safeParse(parsedOrNull(text)).data ?? []) this.#machines.set(uuid, known)
  }

  /** The text to keep, when there is something new to keep. */
  takeChanged(nowMs: number): string | null {
    if (!this.#isChanged) return null
    this.#isChanged = false
    for (const [uuid, { ranAtMs }] of this.#machines)
      if (nowMs - ranAtMs > FORGOTTEN_AFTER_MS) this.#machines.delete(uuid)
    return JSON.stringify([...this.#machines])
  }

  takeOperation({ vmUuid, action, atMs }: JournalEntry): void {
    if (vmUuid === null || (!STOPS.has(action) && !action.startsWith('snapshot.'))) return
    const known = this.#machines.get(vmUuid)
    if (known === undefined) return
    known.askedAtMs = atMs
    this.#isChanged = true
  }

  /** Whether it is off or crashed although it should run. null = its state is not known. */
  isWronglyOff(machine: MachineView, nowMs: number): boolean | null {
    const { vmUuid } = machine.ref
    const known = this.#machines.get(vmUuid)
    if (runs(machine)) {
      this.#takeRunning(vmUuid, known, nowMs)
      return false
    }
    if (machine.state === 'unknown') return null
    if (machine.state !== 'shutOff' && machine.state !== 'crashed') return false
    if (known === undefined || (known.askedAtMs !== null && machine.state === 'shutOff')) {
      if (known !== undefined) this.#forget(vmUuid)
      return false
    }
    return true
  }

  #takeRunning(
    vmUuid: VmUuid,
    known: { ranAtMs: number; askedAtMs: number | null } | undefined,
    nowMs: number
  ): void {
    const hasDisobeyed =
      known !== undefined && known.askedAtMs !== null && Math.abs(nowMs - known.askedAtMs) > OBEYS_WITHIN_MS
    // The time is only for forgetting: once a day is enough.
    const isOld = known === undefined || Math.abs(nowMs - known.ranAtMs) > 86_400_000
    if (!hasDisobeyed && !isOld) return
    this.#machines.set(vmUuid, {
      ranAtMs: nowMs,
      askedAtMs: hasDisobeyed ? null : (known?.askedAtMs ?? null)
    })
    this.#isChanged = true
  }

  #forget(vmUuid: VmUuid): void {
    this.#machines.delete(vmUuid)
    this.#isChanged = true
  }
}

function parsedOrNull(text: string | undefined): unknown {
  if (text === undefined) return null
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}
