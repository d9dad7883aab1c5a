/**
 * What was last known of a server's link, its machines and its uptime, and what a new observation says has happened.
 * Pure. It outlives the console (`toText`), so that what changed while nobody looked is told once, and what was never
 * known is never told.
 */
import { z } from 'zod'
import type { HistoryEvent } from '#contract/history.ts'
import { VmUuid } from '#contract/ids.ts'
import { RemoteText } from '#contract/units.ts'
import { DomainState } from '#contract/vocabulary.ts'
import type { MachineListing } from '../machines/hypervisor.ts'

const KnownMachine = z.object({ name: RemoteText, state: DomainState })
type KnownMachine = z.infer<typeof KnownMachine>

/** As kept between two runs. */
const KnownForm = z.object({
  link: z.enum(['online', 'offline']).nullable(),
  machines: z.array(z.tuple([VmUuid, KnownMachine])).nullable()
})

export class LastKnown {
  /** null = the console has not seen this server online yet, or it was told not to look. */
  #link: 'online' | 'offline' | null = null
  /** null = never listed. */
  #machines: ReadonlyMap<VmUuid, KnownMachine> | null = null
  #uptime: { readonly sec: number; readonly atMs: number } | null = null

  /** Takes what `toText` gave. Text that cannot be read is as good as none. */
  restore(text: string): void {
    const form = KnownForm.safeParse(parsedOrNull(text)).data
    if (form === undefined) return
    this.#link = form.link
    this.#machines = form.machines === null ? null : new Map(form.machines)
  }

  toText(): string {
    const machines = this.#machines === null ? null : [...this.#machines]
    return JSON.stringify({ link: this.#link, machines } satisfies z.infer<typeof KnownForm>)
  }

  knowsMachine(uuid: VmUuid): boolean {
    return this.#machines?.has(uuid) ?? false
  }

  /** null = nothing that deserves a mark: it was online before, or is seen for the first time. */
  online(): HistoryEvent | null {
    const wasOffline = this.#link === 'offline'
    this.#link = 'online'
    return wasOffline ? { kind: 'serverOnline' } : null
  }

  /** null for a server that is known to be offline, and for one that was never seen online. */
  offline(code: string): HistoryEvent | null {
    if (this.#link !== 'online') return null
    this.#link = 'offline'
    return { kind: 'serverOffline', code }
  }

  /** The operator told the console to look away: whatever comes next is no news about the link. */
  forgetLink(): void {
    this.#link = null
  }

  /** Compares a full list with the last one. `changed`: there is something new to keep, events or not. */
  takeList(listings: readonly MachineListing[]): {
    readonly events: readonly HistoryEvent[]
    readonly changed: boolean
  } {
    const before = this.#machines
    const now = new Map<VmUuid, KnownMachine>()
    const events: HistoryEvent[] = []
    let changed = before === null
    for (const { uuid, name, state } of listings) {
      const known = before?.get(uuid)
      const same = known !== undefined && isSameState(known.state, state)
      now.set(uuid, { name, state: known !== undefined && state === 'unknown' ? known.state : state })
      if (known?.name !== name || known.state !== now.get(uuid)?.state) changed = true
      if (before === null || same) continue
      events.push({ kind: 'machineState', vmUuid: uuid, name, from: known?.state ?? null, to: state })
    }
    for (const [vmUuid, { name, state }] of before ?? []) {
      if (now.has(vmUuid)) continue
      changed = true
      events.push({ kind: 'machineState', vmUuid, name, from: state, to: null })
    }
    this.#machines = now
    return { events, changed }
  }

  /**
   * UTC milliseconds of a boot since the last observation, or null. Only an uptime that went back proves one: clocks
   * step, and the uptime of a server that is itself a VM stands still while it is paused.
   */
  takeUptime(uptimeSec: number, atMs: number): number | null {
    const before = this.#uptime
    this.#uptime = { sec: uptimeSec, atMs }
    if (before === null || uptimeSec >= before.sec) return null
    return Math.max(before.atMs, Math.round(atMs - uptimeSec * 1_000))
  }
}

/** Between running and blocked a domain goes by itself all the time; unknown says that libvirt could not tell. */
function isSameState(a: DomainState, b: DomainState): boolean {
  const plain = (state: DomainState): DomainState => (state === 'blocked' ? 'running' : state)
  return a === 'unknown' || b === 'unknown' || plain(a) === plain(b)
}

function parsedOrNull(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}
