/** The columns of the fleet's table, and of its CSV. */
import type { Recommendation, RecommendationLevel } from '#contract/fleet-figures.ts'
import type { ServerView } from '#contract/servers.ts'
import type { CapabilityId } from '#contract/vocabulary.ts'
import {
  formatAs,
  formatBitsPerSec,
  formatBytes,
  formatCount,
  formatDuration,
  formatLoad,
  formatRatio,
  formatWatts,
  type Quantity
} from '../../format/index.ts'
import { visibleText, type TableColumn } from '../../ui/index.ts'
import { LEVEL_ORDER } from '../fleet-figures/index.ts'
import { presenceWord } from './presence-word.ts'

type Translate = (key: string) => string
type Reason = (view: ServerView, capability: CapabilityId) => string

/** Which server is a good choice now. */
export interface Levels {
  readonly of: (view: ServerView) => Recommendation | null
  readonly text: (level: RecommendationLevel) => string
}

/** Values of a server that is off are old: the table shows none of them. */
const live = (view: ServerView) => (view.presence === 'ON' ? view.now : null)

function measured(
  id: string,
  header: string,
  csvHeader: string,
  value: (view: ServerView) => number | null | undefined,
  format: (value: number | null | undefined) => Quantity,
  missing: (view: ServerView) => string,
  width = '72px'
): TableColumn<ServerView> {
  return {
    id,
    header,
    csvHeader,
    isStateless: true,
    align: 'right',
    width,
    sortBy: (view) => value(view) ?? null,
    text: (view) => (typeof value(view) === 'number' ? format(value(view)).value : null),
    unitText: (view) => format(value(view)).unit,
    missing,
    csv: (view) => value(view) ?? null
  }
}

export function fleetColumns(
  t: Translate,
  reason: Reason,
  levels: Levels
): readonly TableColumn<ServerView>[] {
  const host = (view: ServerView): string => reason(view, 'host')
  const name = (id: string): string => t(`fleet.table.${id}`)
  return [
    {
      id: 'name',
      header: name('name'),
      isStateless: true,
      width: 'minmax(130px, 1.6fr)',
      sortBy: (view) => view.record.name,
      text: (view) => visibleText(view.record.name)
    },
    {
      id: 'state',
      header: name('state'),
      isStateless: true,
      width: '66px',
      sortBy: (view) => view.presence,
      text: (view) => t(presenceWord(view))
    },
    levelColumn(t, levels),
    measured(
      'cpu',
      name('cpu'),
      'CPU used (ratio)',
      (view) => live(view)?.cpuUsedRatio,
      (value) => formatRatio(value, 0),
      host,
      '76px'
    ),
    measured(
      'memory',
      name('memory'),
      'Memory used (ratio)',
      (view) => live(view)?.memoryUsedRatio,
      (value) => formatRatio(value, 0),
      host,
      '76px'
    ),
    measured(
      'disk',
      name('disk'),
      'Disk used (ratio)',
      (view) => live(view)?.diskUsedRatio,
      (value) => formatRatio(value, 0),
      (view) => reason(view, 'fileSystems'),
      '76px'
    ),
    measured('load', name('load'), 'Load 1 min', (view) => live(view)?.load1, formatLoad, host, '48px'),
    measured(
      'netIn',
      name('netIn'),
      'Network in (bytes/s)',
      (view) => live(view)?.netRxBytesPerSec,
      formatBitsPerSec,
      host
    ),
    measured(
      'netOut',
      name('netOut'),
      'Network out (bytes/s)',
      (view) => live(view)?.netTxBytesPerSec,
      formatBitsPerSec,
      host
    ),
    {
      id: 'machines',
      header: name('machines'),
      csvHeader: 'Machines running',
      align: 'right',
      width: '68px',
      sortBy: (view) => (live(view) === null ? null : view.machinesRunning),
      text: (view) =>
        live(view) === null || view.machinesRunning === null
          ? null
          : `${view.machinesRunning} / ${view.machinesTotal ?? '—'}`,
      missing: (view) => reason(view, 'libvirt'),
      csv: (view) => (live(view) === null ? null : view.machinesRunning)
    },
    measured(
      'uptime',
      name('uptime'),
      'Uptime (s)',
      (view) => live(view)?.uptimeSec,
      (value) => ({ value: formatDuration(typeof value === 'number' ? value * 1_000 : null, 1), unit: '' }),
      host,
      '56px'
    ),
    measured(
      'gpuFree',
      name('gpuFree'),
      'GPU memory free (bytes)',
      (view) => live(view)?.gpuMemoryFreeBytes,
      formatBytes,
      (view) => reason(view, 'gpu')
    ),
    measured(
      'power',
      name('power'),
      'Power (W)',
      (view) => live(view)?.powerWatts,
      (value) => formatWatts(typeof value === 'number' ? Math.round(value) : value),
      (view) => reason(view, 'power'),
      '64px'
    ),
    measured(
      'hottest',
      name('hottest'),
      'Hottest sensor (°C)',
      (view) => live(view)?.temperatureMaxCelsius,
      (value) => formatAs('celsius', value),
      (view) => reason(view, 'sensors'),
      '52px'
    ),
    ...system(t, reason),
    ...ownWords(t)
  ]
}

/** Its cell is the mark of three bars. */
function levelColumn(t: Translate, { of, text }: Levels): TableColumn<ServerView> {
  const level = (view: ServerView) => of(view)?.level ?? null
  return {
    id: 'level',
    header: t('recommendation.table.level'),
    isStateless: true,
    width: '44px',
    sortBy(view) {
      const known = level(view)
      return known === null ? null : LEVEL_ORDER[known]
    },
    text(view) {
      const known = level(view)
      return known === null ? null : text(known)
    },
    missing: () => t('recommendation.table.pending')
  }
}

/** What the slower lanes bring, and when the server was last asked. */
function system(t: Translate, reason: Reason): readonly TableColumn<ServerView>[] {
  const count = (
    id: 'users' | 'unitsFailed' | 'updates',
    csvHeader: string,
    value: (view: ServerView) => number | null | undefined
  ): TableColumn<ServerView> =>
    measured(
      id,
      t(`fleet.table.${id}`),
      csvHeader,
      value,
      formatCount,
      (view) => reason(view, id === 'unitsFailed' ? 'units' : id),
      '64px'
    )
  return [
    count('users', 'Users logged in', (view) => live(view)?.usersLoggedIn),
    count('unitsFailed', 'Units failed', (view) => live(view)?.unitsFailed),
    count('updates', 'Updates pending', (view) => live(view)?.updatesPending),
    {
      id: 'checked',
      header: t('fleet.table.checked'),
      csvHeader: 'Last check',
      align: 'right',
      width: '88px',
      sortBy: (view) => view.now?.atMs ?? null,
      // Its cell counts the seconds by itself (CheckedCell).
      text: (view) => (view.now === null ? null : new Date(view.now.atMs).toISOString()),
      missing: (view) => reason(view, 'host')
    }
  ]
}

/** What the operator has said of a server. */
function ownWords(t: Translate): readonly TableColumn<ServerView>[] {
  const words = (
    id: 'address' | 'location' | 'tags',
    value: (view: ServerView) => string
  ): TableColumn<ServerView> => ({
    id,
    header: t(`fleet.table.${id}`),
    width: 'minmax(84px, 1fr)',
    sortBy: (view) => value(view) || null,
    text: (view) => visibleText(value(view)) || null,
    missing: () => t('fleet.table.notGiven'),
    csv: (view) => value(view)
  })
  return [
    words('address', ({ record }) => record.connection.host),
    words('location', ({ record }) => record.location),
    words('tags', ({ record }) => record.tags.join(' '))
  ]
}

/** Wide, or of use to some only; the choice of columns brings them. */
export const HIDDEN_AT_FIRST: readonly string[] = ['unitsFailed', 'updates', 'checked', 'address', 'tags']
