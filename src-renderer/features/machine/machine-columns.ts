/** Columns of tables of VMs. Pure: words come in. */
import { formatBitsPerSec, formatBytes, formatRatio, type Quantity } from '../../format/index.ts'
import { visibleText, type TableColumn } from '../../ui/index.ts'
import type { MachineRow } from './machine-rows.ts'

export interface ColumnWords {
  readonly header: (id: string) => string
  readonly state: (row: MachineRow) => string
  readonly missing: (row: MachineRow) => string
  readonly memoryMissing: (row: MachineRow) => string
  readonly csvUnit: (id: string) => string
}

type Read = (row: MachineRow) => number | null

export function machineColumns(words: ColumnWords, withServer: boolean): TableColumn<MachineRow>[] {
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
  return [
    {
      id: 'name',
      header: words.header('name'),
      isStateless: true,
      width: 'minmax(140px, 2fr)',
      sortBy: (row) => row.view.name,
      text: (row) => visibleText(row.view.name),
      csv: (row) => row.view.name
    },
    ...(withServer
      ? [
          {
            id: 'server',
            header: words.header('server'),
            width: 'minmax(96px, 1fr)',
            sortBy: (row: MachineRow) => row.serverName,
            text: (row: MachineRow) => visibleText(row.serverName),
            csv: (row: MachineRow) => row.serverName
          }
        ]
      : []),
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
      '84px',
      (row) => row.view.now?.memoryUsedBytes ?? null,
      formatBytes,
      words.memoryMissing
    ),
    quantity('memoryMax', '96px', (row) => row.view.memoryMaxBytes, formatBytes),
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
    quantity('disk', '84px', (row) => row.view.now?.diskAllocationBytes ?? null, formatBytes),
    quantity('netIn', '84px', (row) => row.view.now?.netRxBytesPerSec ?? null, formatBitsPerSec),
    quantity('netOut', '84px', (row) => row.view.now?.netTxBytesPerSec ?? null, formatBitsPerSec)
  ]
}
