/** Columns of the four tables. Pure: words and times come in. */
import type { Container, PendingUpdate, Unit, UserSession } from '#contract/services.ts'
import { formatBytes, formatDuration, formatRatio, type Quantity } from '../../format/index.ts'
import { visibleText, type TableColumn } from '../../ui/index.ts'

export interface ServiceWords {
  readonly header: (id: string) => string
  readonly time: (atMs: number) => string
  readonly isoTime: (atMs: number) => string
  readonly missing: (id: string) => string
}

interface TextOptions {
  readonly width: string
  readonly align?: 'right'
}

const textColumn =
  <T>(words: ServiceWords) =>
  (id: string, { width, align }: TextOptions, read: (row: T) => string | null): TableColumn<T> => ({
    id,
    header: words.header(id),
    width,
    ...(align && { align }),
    sortBy: read,
    text: (row) => {
      const value = read(row)
      return value === null || value === '' ? null : visibleText(value)
    },
    missing: () => words.missing(id),
    csv: read
  })

const timeColumn =
  <T>(words: ServiceWords) =>
  (id: string, width: string, read: (row: T) => number | null): TableColumn<T> => ({
    id,
    header: words.header(id),
    width,
    sortBy: read,
    text: (row) => {
      const atMs = read(row)
      return atMs === null ? null : words.time(atMs)
    },
    missing: () => words.missing(id),
    csv: (row) => {
      const atMs = read(row)
      return atMs === null ? null : words.isoTime(atMs)
    }
  })

export function userColumns(
  words: ServiceWords & {
    readonly terminal: (row: UserSession) => string
    readonly origin: (row: UserSession) => string | null
  }
): TableColumn<UserSession>[] {
  const text = textColumn<UserSession>(words)
  return [
    text('user', { width: 'minmax(120px, 1.2fr)' }, ({ user }) => user),
    text('terminal', { width: 'minmax(104px, 0.8fr)' }, words.terminal),
    text('origin', { width: 'minmax(150px, 1.6fr)' }, words.origin),
    timeColumn<UserSession>(words)('since', 'minmax(112px, 0.9fr)', ({ sinceAtMs }) => sinceAtMs),
    {
      id: 'idle',
      header: words.header('idle'),
      align: 'right',
      width: '88px',
      sortBy: ({ idleMs }) => idleMs,
      text: ({ idleMs }) => (idleMs === null ? null : formatDuration(idleMs, 1)),
      missing: () => words.missing('idle'),
      csv: ({ idleMs }) => (idleMs === null ? null : Math.round(idleMs / 1_000)),
      csvHeader: `${words.header('idle')} (s)`
    },
    text('service', { width: 'minmax(80px, 0.6fr)' }, ({ service }) => service),
    {
      id: 'pid',
      header: words.header('pid'),
      align: 'right',
      width: '72px',
      sortBy: ({ pid }) => pid,
      text: ({ pid }) => (pid === null ? null : String(pid)),
      missing: () => words.missing('pid'),
      csv: ({ pid }) => pid
    }
  ]
}

/** Failed first, then what is on its way, then what runs. */
const STATE_RANK: Readonly<Record<string, number>> = {
  failed: 0,
  activating: 1,
  deactivating: 1,
  reloading: 1,
  active: 2
}
export const stateText = ({ active, sub }: Unit): string => `${active} (${sub})`

export function unitColumns(words: ServiceWords): TableColumn<Unit>[] {
  const text = textColumn<Unit>(words)
  return [
    text('name', { width: 'minmax(190px, 1.6fr)' }, ({ name }) => name),
    {
      ...text('state', { width: 'minmax(136px, 0.9fr)' }, stateText),
      sortBy: (unit) => `${STATE_RANK[unit.active] ?? 3} ${stateText(unit)}`
    },
    timeColumn<Unit>(words)('since', '112px', ({ sinceAtMs }) => sinceAtMs),
    text('enabled', { width: '80px' }, ({ enabled }) => enabled),
    text('description', { width: 'minmax(160px, 2.2fr)' }, ({ description }) => description),
    { id: 'actions', header: '', width: '36px' }
  ]
}

export function updateColumns(
  words: ServiceWords & { readonly security: string }
): TableColumn<PendingUpdate>[] {
  const text = textColumn<PendingUpdate>(words)
  return [
    text('name', { width: 'minmax(180px, 1.4fr)' }, ({ name }) => name),
    text('current', { width: 'minmax(150px, 1fr)' }, ({ current }) => current),
    text('next', { width: 'minmax(150px, 1fr)' }, ({ next }) => next),
    text('security', { width: '104px' }, ({ security }) =>
      security === true ? words.security : security === null ? null : ' '
    )
  ]
}

export function containerColumns(
  words: ServiceWords & { readonly state: (row: Container) => string }
): TableColumn<Container>[] {
  const text = textColumn<Container>(words)
  const quantity = (
    id: string,
    width: string,
    read: (row: Container) => number | null,
    format: (value: number | null) => Quantity,
    csvUnit: string
  ): TableColumn<Container> => ({
    id,
    header: words.header(id),
    align: 'right',
    width,
    sortBy: read,
    text: (row) => (read(row) === null ? null : format(read(row)).value),
    unitText: (row) => format(read(row)).unit,
    missing: (row) => words.missing(id === 'limit' ? id : row.state === 'running' ? 'value' : 'notRunning'),
    csv: read,
    csvHeader: csvUnit === '' ? words.header(id) : `${words.header(id)} (${csvUnit})`
  })
  return [
    text('name', { width: 'minmax(150px, 1.3fr)' }, ({ name }) => name),
    text('state', { width: 'minmax(120px, 0.9fr)' }, words.state),
    quantity(
      'cpu',
      '72px',
      ({ cpuUsedRatio }) => cpuUsedRatio,
      (value) => formatRatio(value),
      'ratio'
    ),
    quantity('memory', '88px', ({ memoryUsedBytes }) => memoryUsedBytes, formatBytes, 'B'),
    quantity('limit', '88px', ({ memoryLimitBytes }) => memoryLimitBytes, formatBytes, 'B'),
    quantity(
      'processes',
      '60px',
      ({ processes }) => processes,
      (value) => ({ value: value === null ? '' : String(value), unit: '' }),
      ''
    ),
    timeColumn<Container>(words)('since', '112px', ({ sinceAtMs }) => sinceAtMs),
    text('image', { width: 'minmax(150px, 1.5fr)' }, ({ image }) => image),
    { id: 'actions', header: '', width: '36px' }
  ]
}

/** Every word of the filter stands somewhere in the row. */
export function fits(filter: string, texts: readonly (string | null)[]): boolean {
  const all = texts.join('\n').toLowerCase()
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word))
}
