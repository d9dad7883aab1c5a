/** Columns of the table of volumes. Pure: words come in. */
import { formatBytes } from '../../format/index.ts'
import { visibleText, type TableColumn } from '../../ui/index.ts'
import type { VolumeRow } from './volume-rows.ts'

export interface VolumeWords {
  readonly header: (id: string) => string
  readonly users: (row: VolumeRow) => string
  readonly notSaid: string
}

export function volumeColumns(words: VolumeWords): TableColumn<VolumeRow>[] {
  const size = (id: string, read: (row: VolumeRow) => number | null): TableColumn<VolumeRow> => ({
    id,
    header: words.header(id),
    align: 'right',
    width: '88px',
    sortBy: read,
    text: (row) => (read(row) === null ? null : formatBytes(read(row)).value),
    unitText: (row) => formatBytes(read(row)).unit,
    missing: () => words.notSaid,
    csv: read,
    csvHeader: `${words.header(id)} (B)`
  })
  return [
    {
      id: 'name',
      header: words.header('name'),
      width: 'minmax(180px, 2fr)',
      sortBy: ({ volume }) => volume.name,
      text: ({ volume }) => visibleText(volume.name),
      csv: ({ volume }) => volume.name
    },
    {
      id: 'pool',
      header: words.header('pool'),
      width: 'minmax(88px, 0.7fr)',
      sortBy: ({ pool }) => pool.name,
      text: ({ pool }) => visibleText(pool.name),
      csv: ({ pool }) => pool.name
    },
    {
      id: 'format',
      header: words.header('format'),
      width: '64px',
      sortBy: ({ volume }) => volume.format,
      text: ({ volume }) => (volume.format === null ? null : visibleText(volume.format)),
      missing: () => words.notSaid
    },
    size('allocated', ({ volume }) => volume.allocationBytes),
    size('capacity', ({ volume }) => volume.capacityBytes),
    {
      id: 'users',
      header: words.header('users'),
      width: 'minmax(150px, 1.6fr)',
      sortBy: words.users,
      text: words.users
    },
    { id: 'actions', header: '', width: '36px' }
  ]
}
