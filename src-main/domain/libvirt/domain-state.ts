/** libvirt's numbers of states and reasons, in the console's and in `virsh domstate --reason`'s words. */
import type { DomainState } from '#contract/vocabulary.ts'

/** virDomainState, by number (libvirt-domain.h). */
const STATES: readonly DomainState[] = [
  'unknown',
  'running',
  'blocked',
  'paused',
  'shuttingDown',
  'shutOff',
  'crashed',
  'suspended'
]

/** virDomain…Reason, by number; 0 is "unknown" in each and gives null. */
const REASONS: Partial<Record<DomainState, readonly (string | null)[]>> = {
  running: [
    null,
    'booted',
    'migrated',
    'restored',
    'from snapshot',
    'unpaused',
    'migration canceled',
    'save canceled',
    'event wakeup',
    'crashed',
    'post-copy',
    'post-copy failed'
  ],
  paused: [
    null,
    'user',
    'migrating',
    'saving',
    'dumping',
    'I/O error',
    'watchdog',
    'from snapshot',
    'shutting down',
    'creating snapshot',
    'crashed',
    'starting up',
    'post-copy',
    'post-copy failed',
    'api error'
  ],
  shuttingDown: [null, 'user'],
  shutOff: [
    null,
    'shutdown',
    'destroyed',
    'crashed',
    'migrated',
    'saved',
    'failed',
    'from snapshot',
    'daemon'
  ],
  crashed: [null, 'panicked']
}

export interface StateAndReason {
  readonly state: DomainState
  readonly stateReason: string | null
}

/** `state.state` and `state.reason` of domstats; numbers that no libvirt known here uses give 'unknown' and null. */
export function stateAndReasonOf(state: number | null, reason: number | null): StateAndReason {
  const known = (state === null ? undefined : STATES[state]) ?? 'unknown'
  return { state: known, stateReason: (reason === null ? null : REASONS[known]?.[reason]) ?? null }
}

/** States in which a QEMU exists. */
export function isActive(state: DomainState): boolean {
  return state !== 'shutOff' && state !== 'crashed' && state !== 'unknown'
}

const STATE_WORDS: Readonly<Record<string, DomainState>> = {
  running: 'running',
  idle: 'blocked',
  paused: 'paused',
  'in shutdown': 'shuttingDown',
  'shut off': 'shutOff',
  crashed: 'crashed',
  pmsuspended: 'suspended'
}

/** Reads `virsh domstate` (LC_ALL=C). */
export function parseDomstate(text: string): DomainState {
  const word = text.trim()
  return (Object.hasOwn(STATE_WORDS, word) ? STATE_WORDS[word] : undefined) ?? 'unknown'
}

/** The numbers behind a state and a reason: what domstats prints for them. For players and tests. */
export function numbersOf(state: DomainState, reason: string | null): { state: number; reason: number } {
  const at = REASONS[state]?.indexOf(reason) ?? 0
  return { state: STATES.indexOf(state), reason: Math.max(0, at) }
}

/** As `virsh domstate` words it. */
export function wordOf(state: DomainState): string {
  return Object.keys(STATE_WORDS).find((word) => STATE_WORDS[word] === state) ?? 'no state'
}
