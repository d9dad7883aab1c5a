/** Columns of the table of processes. Pure: words come in. */
import {
  formatBytes,
  formatBytesPerSec,
  formatDuration,
  formatRatio,
  type Quantity
} from '../../format/index.ts'
import { visibleText, type TableColumn } from '../../ui/index.ts'
import { sharesOf, type ShownRow } from './process-rows.ts'

export const COLUMN_IDS = [
  'name',
  'pid',
  'user',
  'state',
  'cpu',
  'memory',
  'resident',
  'virtual',
  'swap',
  'cpuTime',
  'userTime',
  'systemTime',
  'threads',
  'nice',
  'readRate',
  'writeRate',
  'read',
  'write',
  'started',
  'parent'
] as const
export type ColumnId = (typeof COLUMN_IDS)[number]

export const USUAL_COLUMNS: readonly ColumnId[] = [
  'name',
  'pid',
  'user',
  'state',
  'cpu',
  'memory',
  'resident',
  'cpuTime',
  'readRate',
  'writeRate'
]
/** What the history has no value of. */
const NOT_KEPT: ReadonlySet<ColumnId> = new Set(['readRate', 'writeRate', 'parent'])

export interface ColumnWords {
  readonly t: (key: string) => string
  readonly stateOf: (letter: string) => string
}

export interface ColumnOptions {
  readonly shown: readonly ColumnId[]
  readonly means: boolean
  readonly past: boolean
  readonly nowMs: () => number
}

type Column = TableColumn<ShownRow>

export function processColumns(words: ColumnWords, options: ColumnOptions): Column[] {
  const all = columnsById(words, options)
  const chosen = COLUMN_IDS.filter((id) => options.shown.includes(id) && !(options.past && NOT_KEPT.has(id)))
  return [...chosen.map((id) => all[id]), { id: 'actions', header: '', width: '36px' }]
}

function columnsById(
  { t, stateOf }: ColumnWords,
  { means, nowMs }: ColumnOptions
): Readonly<Record<ColumnId, Column>> {
  const header = (id: ColumnId): string => t(`processes.column.${id}`)
  const text = (
    id: ColumnId,
    width: string,
    read: (row: ShownRow) => string | null,
    reason = ''
  ): Column => ({
    id,
    header: header(id),
    width,
    sortBy: read,
    text: (row) => {
      const value = read(row)
      return value === null ? null : visibleText(value)
    },
    missing: () => reason,
    csv: read
  })
  const figure = (
    id: ColumnId,
    width: string,
    read: (row: ShownRow) => number | null,
    format: (value: number | null) => Quantity,
    csv: { readonly unit: string; readonly missing?: string }
  ): Column => ({
    id,
    header: header(id),
    align: 'right',
    width,
    sortBy: read,
    text: (row) => (read(row) === null ? null : format(read(row)).value),
    unitText: (row) => (read(row) === null ? '' : format(read(row)).unit),
    missing: () => csv.missing ?? '',
    csv: read,
    csvHeader: csv.unit === '' ? header(id) : `${header(id)} (${csv.unit})`
  })
  const plain = (value: number | null): Quantity => ({ value: value === null ? '' : String(value), unit: '' })
  const span = (value: number | null): Quantity => ({ value: formatDuration(value), unit: '' })
  const bytes = (id: ColumnId, read: (row: ShownRow) => number | null, missing = ''): Column =>
    figure(id, '78px', read, formatBytes, { unit: 'B', missing })
  const rate = (id: ColumnId, read: (row: ShownRow) => number | null): Column =>
    figure(id, '80px', read, formatBytesPerSec, { unit: 'B/s', missing: t('processes.missing.ioRate') })
  const time = (id: ColumnId, read: (row: ShownRow) => number): Column =>
    figure(id, '80px', read, span, { unit: 'ms' })
  return {
    name: text('name', 'minmax(200px, 3fr)', ({ process }) => process.name),
    pid: figure('pid', '60px', ({ process }) => process.pid, plain, { unit: '' }),
    user: text('user', 'minmax(80px, 0.7fr)', ({ process }) => process.user, t('processes.missing.user')),
    state: text('state', '76px', ({ process }) => stateOf(process.state)),
    cpu: figure('cpu', '64px', ({ process }) => sharesOf(process, means).cpu, formatRatio, {
      unit: 'share of one thread',
      missing: t('processes.missing.first')
    }),
    memory: figure('memory', '68px', ({ process }) => sharesOf(process, means).memory, formatRatio, {
      unit: 'share of all',
      missing: t('processes.missing.memory')
    }),
    resident: bytes('resident', ({ process }) => process.residentBytes),
    virtual: bytes('virtual', ({ process }) => process.virtualBytes),
    swap: bytes('swap', ({ process }) => process.swapBytes, t('processes.missing.swap')),
    cpuTime: time('cpuTime', ({ process }) => process.cpuUserMs + process.cpuSystemMs),
    userTime: time('userTime', ({ process }) => process.cpuUserMs),
    systemTime: time('systemTime', ({ process }) => process.cpuSystemMs),
    threads: figure('threads', '64px', ({ process }) => process.threads, plain, { unit: '' }),
    nice: figure('nice', '52px', ({ process }) => process.nice, plain, { unit: '' }),
    readRate: rate('readRate', ({ process }) => process.readBytesPerSec),
    writeRate: rate('writeRate', ({ process }) => process.writeBytesPerSec),
    read: bytes('read', ({ process }) => process.readBytes, t('processes.missing.io')),
    write: bytes('write', ({ process }) => process.writeBytes, t('processes.missing.io')),
    started: time('started', ({ process }) => Math.max(0, nowMs() - process.startedAtMs)),
    parent: figure('parent', '64px', ({ process }) => process.parentPid, plain, { unit: '' })
  }
}
