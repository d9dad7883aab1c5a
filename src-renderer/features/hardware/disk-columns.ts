/** Columns of the table of disks, and what its health column says. Pure: words come in. */
import type { Disk } from '#contract/hardware.ts'
import {
  formatAs,
  formatBytes,
  formatBytesPerSec,
  formatLoad,
  formatNumber,
  formatPerSec,
  formatRatio,
  type Quantity
} from '../../format/index.ts'
import { visibleText, type TableColumn } from '../../ui/index.ts'
import { type FigureColumn, figureColumn } from './columns.ts'

export type DiskKind = 'ssd' | 'nvme' | 'hdd' | 'virtual' | 'card' | 'unknown'

export function diskKind({ name, rotational }: Disk): DiskKind {
  if (/^(?:vd|xvd|nbd|rbd)/.test(name)) return 'virtual'
  if (name.startsWith('mmcblk')) return 'card'
  if (name.startsWith('nvme')) return 'nvme'
  return rotational === null ? 'unknown' : rotational ? 'hdd' : 'ssd'
}

export type HealthLevel = 'ok' | 'warning' | 'failing' | 'asleep' | 'notAsked' | 'problem' | 'noVerdict'

/** What is known of its health outweighs why it could not be asked this time. */
export function healthLevel({ smart: { report, asleep, problem } }: Disk): HealthLevel {
  if (report === null) return problem !== null ? 'problem' : asleep ? 'asleep' : 'notAsked'
  if (report.healthy === false || report.warnings.includes('failing')) return 'failing'
  if (report.warnings.length > 0) return 'warning'
  return report.healthy === null ? 'noVerdict' : 'ok'
}

/** Worst first when sorted downwards. */
const RANK: Record<HealthLevel, number> = {
  failing: 6,
  warning: 5,
  noVerdict: 4,
  ok: 3,
  asleep: 2,
  problem: 1,
  notAsked: 0
}

export interface DiskWords {
  readonly header: (id: string) => string
  readonly kind: (kind: DiskKind) => string
  readonly health: (disk: Disk) => string
  readonly notTold: string
  readonly noRate: string
  readonly idle: string
  readonly noHealth: (disk: Disk) => string
}

/** A wait below a millisecond matters too. */
export const formatWait = (value: number | null): Quantity =>
  value === null ? { value: '—', unit: '' } : { value: formatNumber(value), unit: 'ms' }

export function diskColumns(words: DiskWords): TableColumn<Disk>[] {
  const { header } = words
  const text = (id: string, read: (disk: Disk) => string | null, width: string): TableColumn<Disk> => ({
    id,
    header: header(id),
    width,
    sortBy: read,
    text: (disk) => {
      const value = read(disk)
      return value === null ? null : visibleText(value)
    },
    missing: () => words.notTold,
    csv: read
  })
  const rate = (id: string, read: (disk: Disk) => number | null): TableColumn<Disk> =>
    figureColumn({
      id,
      header: header(id),
      read,
      format: formatBytesPerSec,
      missing: words.noRate,
      csvUnit: 'B/s',
      width: '78px'
    })
  const figure = (
    id: string,
    read: (disk: Disk) => number | null,
    rest: Pick<FigureColumn<Disk>, 'format' | 'missing' | 'csvUnit' | 'width'>
  ): TableColumn<Disk> => figureColumn({ id, header: header(id), read, ...rest })
  return [
    text('name', ({ name }) => name, '76px'),
    {
      id: 'health',
      header: header('health'),
      width: 'minmax(104px, 0.7fr)',
      sortBy: (disk) => RANK[healthLevel(disk)],
      text: words.health,
      csv: words.health
    },
    text('model', ({ model }) => model, 'minmax(120px, 1.3fr)'),
    figure('size', ({ sizeBytes }) => sizeBytes, {
      format: formatBytes,
      missing: words.notTold,
      csvUnit: 'B',
      width: '66px'
    }),
    text('kind', (disk) => words.kind(diskKind(disk)), '46px'),
    rate('read', ({ readBytesPerSec }) => readBytesPerSec),
    rate('write', ({ writeBytesPerSec }) => writeBytesPerSec),
    figure('operations', operations, {
      format: formatPerSec,
      missing: words.noRate,
      csvUnit: '1/s',
      width: '76px'
    }),
    figure('busy', ({ utilisationRatio }) => utilisationRatio, {
      format: (value) => formatRatio(value),
      missing: words.noRate,
      csvUnit: 'ratio',
      width: '54px'
    }),
    figure('wait', ({ awaitMs }) => awaitMs, {
      format: formatWait,
      missing: ({ readBytesPerSec }) => (readBytesPerSec === null ? words.noRate : words.idle),
      csvUnit: 'ms',
      width: '58px'
    }),
    figure('queue', ({ queueLength }) => queueLength, {
      format: formatLoad,
      missing: words.noRate,
      csvUnit: '',
      width: '46px'
    }),
    figure('temperature', ({ smart }) => smart.report?.temperatureCelsius ?? null, {
      format: (value) => formatAs('celsius', value),
      missing: words.noHealth,
      csvUnit: '°C',
      width: '48px'
    }),
    figure('wear', ({ smart }) => smart.report?.wearUsedRatio ?? null, {
      format: (value) => formatRatio(value, 0),
      missing: words.noHealth,
      csvUnit: 'ratio',
      width: '44px'
    }),
    text('serial', ({ serial }) => serial, 'minmax(100px, 1fr)'),
    text('scheduler', ({ scheduler }) => scheduler, '84px')
  ]
}

function operations({ readOpsPerSec, writeOpsPerSec }: Disk): number | null {
  return readOpsPerSec === null || writeOpsPerSec === null ? null : readOpsPerSec + writeOpsPerSec
}
