/** Columns of the table of interfaces. Pure: words come in. */
import type { NetworkInterface } from '#contract/hardware.ts'
import { formatBitsPerSec, formatBytes, formatPerSec } from '../../format/index.ts'
import { visibleText, type TableColumn } from '../../ui/index.ts'
import { figureColumn } from './columns.ts'

export interface InterfaceWords {
  readonly header: (id: string) => string
  readonly state: (row: NetworkInterface) => string | null
  readonly counted: (row: NetworkInterface) => string
  readonly notTold: string
  readonly noRate: string
  readonly noAddress: string
  readonly noSpeed: string
}

const sum = (one: number | null, other: number | null): number | null =>
  one === null || other === null ? null : one + other

export function interfaceColumns(words: InterfaceWords): TableColumn<NetworkInterface>[] {
  const { header } = words
  type Read = (row: NetworkInterface) => number | null
  const figure = (
    id: string,
    read: Read,
    format: Parameters<typeof figureColumn>[0]['format'],
    csvUnit: string
  ) =>
    figureColumn<NetworkInterface>({
      id,
      header: header(id),
      read,
      format,
      missing: words.noRate,
      csvUnit,
      width: '84px'
    })
  return [
    {
      id: 'name',
      header: header('name'),
      width: 'minmax(120px, 1fr)',
      sortBy: ({ name }) => name,
      csv: ({ name }) => name
    },
    {
      id: 'counted',
      header: header('counted'),
      width: '68px',
      sortBy: ({ counted }) => Number(!counted),
      text: words.counted
    },
    {
      id: 'state',
      header: header('state'),
      width: '64px',
      sortBy: words.state,
      text: words.state,
      missing: () => words.notTold
    },
    {
      id: 'addresses',
      header: header('addresses'),
      width: 'minmax(130px, 1.5fr)',
      sortBy: ({ addresses }) => addresses[0] ?? null,
      csv: ({ addresses }) => addresses.join(' ')
    },
    figure('in', ({ rxBytesPerSec }) => rxBytesPerSec, formatBitsPerSec, 'B/s'),
    figure('out', ({ txBytesPerSec }) => txBytesPerSec, formatBitsPerSec, 'B/s'),
    figure('received', ({ rxBytes }) => rxBytes, formatBytes, 'B'),
    figure('sent', ({ txBytes }) => txBytes, formatBytes, 'B'),
    figure('errors', (row) => sum(row.rxErrorsPerSec, row.txErrorsPerSec), formatPerSec, '1/s'),
    figure('drops', (row) => sum(row.rxDropsPerSec, row.txDropsPerSec), formatPerSec, '1/s'),
    figureColumn<NetworkInterface>({
      id: 'speed',
      header: header('speed'),
      read: ({ speedBitsPerSec }) => speedBitsPerSec,
      // The formatter takes bytes.
      format: (value) => formatBitsPerSec(value === null ? null : value / 8),
      missing: words.noSpeed,
      csvUnit: 'bit/s',
      width: '76px'
    }),
    {
      id: 'mac',
      header: header('mac'),
      width: '128px',
      sortBy: ({ mac }) => mac,
      text: ({ mac }) => (mac === null ? null : visibleText(mac)),
      missing: () => words.notTold
    },
    {
      id: 'mtu',
      header: header('mtu'),
      align: 'right',
      width: '52px',
      sortBy: ({ mtuBytes }) => mtuBytes,
      text: ({ mtuBytes }) => (mtuBytes === null ? null : String(mtuBytes)),
      missing: () => words.notTold,
      csv: ({ mtuBytes }) => mtuBytes
    }
  ]
}
