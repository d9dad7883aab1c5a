/** The columns of the table of processes on the cards, and of its CSV. */
import type { GpuCard, GpuProcess } from '#contract/gpus.ts'
import { formatBytes } from '../../format/index.ts'
import { visibleText, type TableColumn } from '../../ui/index.ts'

/** `0`, or `7 · 1g.10gb` of a slice; '' for a card that is not there any more. */
export function cardLabel(key: string, cards: readonly GpuCard[]): string {
  for (const card of cards) {
    if (card.key === key) return String(card.index)
    const slice = card.slices.find((candidate) => candidate.key === key)
    if (slice !== undefined) return `${card.index} · ${visibleText(slice.profile)}`
  }
  return ''
}

export function processColumns(
  t: (key: string) => string,
  cards: readonly GpuCard[]
): readonly TableColumn<GpuProcess>[] {
  const name = (id: string): string => t(`gpus.processes.${id}`)
  return [
    {
      id: 'card',
      header: name('card'),
      width: '108px',
      sortBy: ({ gpuKey }) => cardLabel(gpuKey, cards),
      text: ({ gpuKey }) => cardLabel(gpuKey, cards)
    },
    {
      id: 'pid',
      header: name('pid'),
      align: 'right',
      width: '72px',
      sortBy: ({ pid }) => pid,
      text: ({ pid }) => String(pid),
      csv: ({ pid }) => pid
    },
    {
      id: 'name',
      header: name('name'),
      width: 'minmax(160px, 2fr)',
      sortBy: (process) => process.name,
      text: (process) => (process.name === '' ? null : visibleText(process.name)),
      missing: () => name('nameUnknown')
    },
    {
      id: 'user',
      header: name('user'),
      width: 'minmax(90px, 1fr)',
      sortBy: ({ user }) => user,
      text: ({ user }) => (user === null ? null : visibleText(user)),
      missing: () => name('userUnknown')
    },
    {
      id: 'kind',
      header: name('kind'),
      width: '84px',
      sortBy: ({ kind }) => kind,
      text: ({ kind }) => t(`gpus.processes.kinds.${kind}`)
    },
    {
      id: 'memory',
      header: name('memory'),
      csvHeader: 'Memory (bytes)',
      align: 'right',
      width: '96px',
      sortBy: ({ memoryUsedBytes }) => memoryUsedBytes,
      text: ({ memoryUsedBytes }) => (memoryUsedBytes === null ? null : formatBytes(memoryUsedBytes).value),
      unitText: ({ memoryUsedBytes }) => formatBytes(memoryUsedBytes).unit,
      missing: () => t('gpus.notTold'),
      csv: ({ memoryUsedBytes }) => memoryUsedBytes
    }
  ]
}
