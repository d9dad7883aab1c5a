/**
 * Which server is a good choice for something new, in three steps with the reasons. Pure. Every step has a bound to come
 * into it and another to leave it, so that a value that trembles around one bound does not change the level with every
 * tick. docs/fleet-figures.md has the table.
 */

export type Level = 'good' | 'fair' | 'poor'

export type ReasonCode =
  | 'off'
  | 'noValues'
  | 'alertRed'
  | 'alertAmber'
  | 'cpuBusy'
  | 'cpuFree'
  | 'memoryShort'
  | 'memoryFree'
  | 'diskShort'
  | 'gpuMemoryFree'
  | 'gpuBusy'
  | 'pressure'
  | 'swapping'
  | 'lookOnly'
  | 'noLibvirt'
  | 'maintenance'

export interface Reason {
  readonly code: ReasonCode
  readonly value: number | null
}

/** What is known of a server, smoothed over the last minutes; null = not known. */
export interface Condition {
  readonly cpuUsedRatio: number | null
  readonly cpuThreads: number | null
  readonly memoryUsedRatio: number | null
  readonly memoryTotalBytes: number | null
  readonly diskUsedRatio: number | null
  readonly swapUsedRatio: number | null
  readonly pressureMemoryRatio: number | null
  readonly pressureIoRatio: number | null
  readonly gpuMemoryFreeBytes: number | null
  readonly gpuMemoryTotalBytes: number | null
  readonly gpuUtilisationRatio: number | null
}

export interface Subject {
  /** It answers, and is collected from. */
  readonly on: boolean
  readonly condition: Condition
  readonly alert: 'red' | 'amber' | null
  readonly inMaintenance: boolean
  readonly lookOnly: boolean
  /** null = not known yet. */
  readonly hasLibvirt: boolean | null
}

export interface Judgement {
  readonly level: Level
  /** The weightiest first, at most six. */
  readonly reasons: readonly Reason[]
  readonly freeCpuThreads: number | null
  readonly freeMemoryBytes: number | null
  readonly freeGpuMemoryBytes: number | null
  /** To be given back with the next judgement of this server. */
  readonly grades: Grades
}

type Grade = 'fair' | 'poor'
/** What speaks against a server, and how much. */
export type Grades = Partial<Record<ReasonCode, Grade>>

/** Bounds upwards: at `in` or above it holds, until the value is below `out`. */
interface Steps {
  readonly fair: { readonly in: number; readonly out: number } | null
  readonly poor: { readonly in: number; readonly out: number } | null
}

const GIB = 2 ** 30
const CPU: Steps = { fair: { in: 0.65, out: 0.58 }, poor: { in: 0.85, out: 0.78 } }
const MEMORY: Steps = { fair: { in: 0.8, out: 0.76 }, poor: { in: 0.9, out: 0.87 } }
const DISK: Steps = { fair: { in: 0.85, out: 0.84 }, poor: { in: 0.95, out: 0.94 } }
const PRESSURE: Steps = { fair: { in: 0.1, out: 0.05 }, poor: { in: 0.4, out: 0.3 } }
const SWAP: Steps = { fair: { in: 0.5, out: 0.4 }, poor: null }
const GPU: Steps = { fair: { in: 0.85, out: 0.75 }, poor: null }
/** However small its share: with so little free there is no room for one more. As a deficit, so that more is worse. */
const MEMORY_FREE: Steps = { fair: { in: -4 * GIB, out: -5 * GIB }, poor: { in: -GIB, out: -1.5 * GIB } }
const MAX_REASONS = 6

function gradeOf(value: number | null, { fair, poor }: Steps, before: Grade | undefined): Grade | null {
  if (value === null) return null
  if (poor !== null && value >= (before === 'poor' ? poor.out : poor.in)) return 'poor'
  if (fair !== null && value >= (before === undefined ? fair.in : fair.out)) return 'fair'
  return null
}

const worse = (one: Grade | null, other: Grade | null): Grade | null =>
  one === 'poor' || other === 'poor' ? 'poor' : (one ?? other)

const free = (total: number | null, usedRatio: number | null): number | null =>
  total === null || usedRatio === null ? null : Math.max(0, total * (1 - usedRatio))

/** @param before the grades of the last judgement of this server */
export function judge(subject: Subject, before: Grades = {}): Judgement {
  const { condition } = subject
  const unknown = { freeCpuThreads: null, freeMemoryBytes: null, freeGpuMemoryBytes: null, grades: {} }
  if (!subject.on) return { level: 'poor', reasons: [{ code: 'off', value: null }], ...unknown }
  const freed = {
    freeCpuThreads: free(condition.cpuThreads, condition.cpuUsedRatio),
    freeMemoryBytes: free(condition.memoryTotalBytes, condition.memoryUsedRatio),
    freeGpuMemoryBytes: condition.gpuMemoryFreeBytes
  }
  if (condition.cpuUsedRatio === null && condition.memoryUsedRatio === null)
    return { level: 'poor', reasons: [{ code: 'noValues', value: null }], ...unknown }
  const against = reasonsAgainst(subject, freed.freeMemoryBytes, before)
  const worst: Level = against.some(({ grade }) => grade === 'poor')
    ? 'poor'
    : against.length > 0
      ? 'fair'
      : 'good'
  const inOrder = [
    ...against.filter(({ grade }) => grade === 'poor'),
    ...against.filter(({ grade }) => grade === 'fair')
  ].map(({ code, value }) => ({ code, value }))
  return {
    level: worst,
    reasons: [...inOrder, ...reasonsFor(condition, freed, against)].slice(0, MAX_REASONS),
    ...freed,
    grades: Object.fromEntries(against.map(({ code, grade }) => [code, grade]))
  }
}

interface Against extends Reason {
  readonly grade: Grade
}

/** In order of their weight among those of one grade. */
function reasonsAgainst(subject: Subject, freeMemoryBytes: number | null, before: Grades): Against[] {
  const { condition } = subject
  const measured = (code: ReasonCode, value: number | null, steps: Steps): Against[] => {
    const grade = gradeOf(value, steps, before[code])
    return grade === null ? [] : [{ code, value, grade }]
  }
  const said = (isSo: boolean, code: ReasonCode, grade: Grade): Against[] =>
    isSo ? [{ code, value: null, grade }] : []
  const memory = worse(
    gradeOf(condition.memoryUsedRatio, MEMORY, before.memoryShort),
    freeMemoryBytes === null ? null : gradeOf(-freeMemoryBytes, MEMORY_FREE, before.memoryShort)
  )
  const pressures = [condition.pressureMemoryRatio, condition.pressureIoRatio].filter((one) => one !== null)
  return [
    ...said(subject.alert === 'red', 'alertRed', 'poor'),
    ...said(subject.inMaintenance, 'maintenance', 'poor'),
    ...(memory === null ? [] : [{ code: 'memoryShort' as const, value: freeMemoryBytes, grade: memory }]),
    ...measured('cpuBusy', condition.cpuUsedRatio, CPU),
    ...measured('diskShort', condition.diskUsedRatio, DISK),
    ...said(subject.alert === 'amber', 'alertAmber', 'fair'),
    ...measured('pressure', pressures.length === 0 ? null : Math.max(...pressures), PRESSURE),
    ...measured('swapping', condition.swapUsedRatio, SWAP),
    ...measured('gpuBusy', condition.gpuUtilisationRatio, GPU),
    ...said(subject.lookOnly, 'lookOnly', 'fair'),
    ...said(subject.hasLibvirt === false, 'noLibvirt', 'fair')
  ]
}

/** What there is plenty of: a card's memory before CPU before memory, since it is the scarcest. */
function reasonsFor(
  condition: Condition,
  freed: Pick<Judgement, 'freeCpuThreads' | 'freeMemoryBytes' | 'freeGpuMemoryBytes'>,
  against: readonly Against[]
): Reason[] {
  const isAgainst = (code: ReasonCode): boolean => against.some((one) => one.code === code)
  const reason = (code: ReasonCode, value: number | null, contrary: ReasonCode): Reason[] =>
    value === null || value <= 0 || isAgainst(contrary) ? [] : [{ code, value }]
  const reasons = [
    ...reason('gpuMemoryFree', freed.freeGpuMemoryBytes, 'gpuBusy'),
    ...reason('cpuFree', freed.freeCpuThreads, 'cpuBusy'),
    ...reason('memoryFree', freed.freeMemoryBytes, 'memoryShort')
  ]
  if (reasons.length > 0 || against.length > 0) return reasons
  // Shares alone are known: better said than nothing.
  return [{ code: 'cpuFree', value: freed.freeCpuThreads ?? condition.cpuThreads }]
}
