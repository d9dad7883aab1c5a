/** Columns of tables of VMs. Pure: words come in. */
import {
  formatBitsPerSec,
  formatBytes,
  formatBytesPerSec,
  formatRatio,
  type Quantity
} from '../../format/index.ts'
import { visibleText, type TableColumn } from '../../ui/index.ts'
import { tagsText, type MachineRow } from './machine-rows.ts'

export interface ColumnWords {
  readonly header: (id: string) => string
  readonly state: (row: MachineRow) => string
  readonly missing: (row: MachineRow) => string
  readonly memoryMissing: (row: MachineRow) => string
  readonly noTags: string
  readonly noLocation: string
  readonly csvUnit: (id: string) => string
}

export const MACHINE_COLUMNS_HIDDEN_AT_FIRST: readonly string[] = [
  'location',
  'memoryRatio',
  'diskRatio',
  'diskRead',
  'diskWrite'
]

type Read = (row: MachineRow) => number | null

export interface ColumnsWanted {
  /** Of all servers: their names and locations too. */
  readonly server: boolean
  /** Any machine has one. */
  readonly tags: boolean
}

export function machineColumns(words: ColumnWords, wanted: ColumnsWanted): TableColumn<MachineRow>[] {
  const quantity = (
    id: string,
    width: string,
    read: Read,
    format: (value: number | null) => Quantity,
    missing: (row: MachineRow) => string = words.missing
  ): TableColumn<MachineRow> => ({
    id,
    header: words.header(id),
    align: 'right',
    width,
    sortBy: read,
    text: (row) => (read(row) === null ? null : format(read(row)).value),
    unitText: (row) => format(read(row)).unit,
    missing,
    csv: read,
    csvHeader: `${words.header(id)} (${words.csvUnit(id)})`
  })
  const named = (
    id: string,
    width: string,
    read: (row: MachineRow) => string,
    missing = ''
  ): TableColumn<MachineRow> => ({
    id,
    header: words.header(id),
    width,
    sortBy: (row) => read(row) || null,
    text: (row) => visibleText(read(row)) || null,
    missing: () => missing,
    csv: read
  })
  return [
    {
      id: 'name',
      header: words.header('name'),
      isStateless: true,
      width: 'minmax(132px, 2fr)',
      sortBy: (row) => row.view.name,
      text: (row) => visibleText(row.view.name),
      csv: (row) => row.view.name
    },
    ...(wanted.server
      ? [
          named('server', 'minmax(88px, 1fr)', (row) => row.serverName),
          named('location', 'minmax(96px, 1fr)', (row) => row.server?.record.location ?? '', words.noLocation)
        ]
      : []),
    ...(wanted.tags ? [named('tags', 'minmax(80px, 1fr)', tagsText, words.noTags)] : []),
    {
      id: 'state',
      header: words.header('state'),
      isStateless: true,
      width: 'minmax(88px, 1fr)',
      sortBy: words.state,
      text: words.state
    },
    quantity(
      'cpu',
      '64px',
      (row) => row.view.now?.cpuUsedRatio ?? null,
      (value) => formatRatio(value)
    ),
    quantity(
      'memory',
      '76px',
      (row) => row.view.now?.memoryUsedBytes ?? null,
      formatBytes,
      words.memoryMissing
    ),
    quantity(
      'memoryRatio',
      '76px',
      (row) => row.view.now?.memoryUsedRatio ?? null,
      (value) => formatRatio(value),
      words.memoryMissing
    ),
    quantity('memoryMax', '88px', (row) => row.view.memoryMaxBytes, formatBytes),
    {
      id: 'vcpus',
      header: words.header('vcpus'),
      align: 'right',
      width: '52px',
      sortBy: (row) => row.view.vcpus,
      text: (row) => (row.view.vcpus === null ? null : String(row.view.vcpus)),
      missing: words.missing,
      csv: (row) => row.view.vcpus
    },
    quantity('disk', '76px', (row) => row.view.now?.diskAllocationBytes ?? null, formatBytes),
    quantity(
      'diskRatio',
      '64px',
      (row) => row.view.now?.diskUsedRatio ?? null,
      (value) => formatRatio(value)
    ),
    quantity('diskRead', '76px', (row) => row.view.now?.diskReadBytesPerSec ?? null, formatBytesPerSec),
    quantity('diskWrite', '76px', (row) => row.view.now?.diskWriteBytesPerSec ?? null, formatBytesPerSec),
    quantity('netIn', '76px', (row) => row.view.now?.netRxBytesPerSec ?? null, formatBitsPerSec),
    quantity('netOut', '76px', (row) => row.view.now?.netTxBytesPerSec ?? null, formatBitsPerSec)
  ]
}
