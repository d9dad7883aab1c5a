/** Columns of the tables of ports. Pure: words come in. */
import type { Listener, PortResult } from '#contract/ports.ts'
import { formatNumber } from '../../format/index.ts'
import { visibleText, type TableColumn } from '../../ui/index.ts'
import type { ScanRow } from './scan-rows.ts'

export interface PortWords {
  /** Of `ports.` */
  readonly text: (key: string) => string
}

export function listeningColumns({ text }: PortWords): TableColumn<Listener>[] {
  const header = (id: string): string => text(`column.${id}`)
  return [
    {
      id: 'port',
      header: header('port'),
      align: 'right',
      width: '72px',
      sortBy: ({ port }) => port,
      text: ({ port }) => String(port),
      csv: ({ port }) => port
    },
    {
      id: 'protocol',
      header: header('protocol'),
      width: '80px',
      sortBy: ({ protocol, family }) => `${protocol}${family}`,
      text: ({ protocol, family }) => protocolText(protocol, family)
    },
    {
      id: 'service',
      header: header('service'),
      width: 'minmax(96px, 0.8fr)',
      sortBy: ({ service }) => service,
      text: ({ service }) => service,
      missing: () => text('noService')
    },
    {
      id: 'address',
      header: header('address'),
      width: 'minmax(120px, 1fr)',
      sortBy: ({ address }) => address,
      text: ({ address }) => address
    },
    {
      id: 'exposure',
      header: header('exposure'),
      width: 'minmax(120px, 0.9fr)',
      sortBy: ({ exposure }) => text(`exposure.${exposure}`),
      text: ({ exposure }) => text(`exposure.${exposure}`)
    },
    {
      id: 'process',
      header: header('process'),
      width: 'minmax(150px, 1.3fr)',
      sortBy: (listener) => processText(listener),
      text: (listener) => processText(listener),
      missing: ({ processMissing }) => text(`processMissing.${processMissing ?? 'permissionDenied'}`)
    },
    {
      id: 'pid',
      header: header('pid'),
      align: 'right',
      width: '64px',
      sortBy: ({ process }) => process?.pid ?? null,
      text: ({ process }) => (process === null ? null : String(process.pid)),
      csv: ({ process }) => process?.pid ?? null,
      missing: ({ processMissing }) => text(`processMissing.${processMissing ?? 'permissionDenied'}`)
    },
    {
      id: 'user',
      header: header('user'),
      width: 'minmax(80px, 0.6fr)',
      sortBy: (listener) => userText(listener),
      text: (listener) => userText(listener),
      missing: () => text('noUser')
    }
  ]
}

export const protocolText = (protocol: Listener['protocol'], family: Listener['family']): string =>
  family === 6 ? `${protocol.toUpperCase()} v6` : protocol.toUpperCase()

const userText = ({ user, uid }: Listener): string | null =>
  user !== null ? visibleText(user) : uid === null ? null : String(uid)

/** The process; where only its unit is known, that. */
export function processText({ process, unit }: Listener): string | null {
  if (process === null) return unit === null ? null : visibleText(unit)
  const more = process.others > 0 ? ` +${process.others}` : ''
  return `${visibleText(process.name)}${more}`
}

export function scanColumns({ text }: PortWords): TableColumn<ScanRow>[] {
  const header = (id: string): string => text(`column.${id}`)
  const stateText = (result: PortResult | null): string | null =>
    result === null ? null : text(`state.${result.state}`)
  const origin = (id: 'direct' | 'ssh'): TableColumn<ScanRow> => ({
    id,
    header: header(id),
    width: 'minmax(150px, 1.1fr)',
    sortBy: (row) => stateText(row[id]),
    text: (row) => stateText(row[id]),
    missing: () => text('notScanned')
  })
  return [
    {
      id: 'port',
      header: header('port'),
      align: 'right',
      width: '64px',
      sortBy: ({ port }) => port,
      text: ({ port }) => String(port),
      csv: ({ port }) => port
    },
    {
      id: 'service',
      header: header('service'),
      width: 'minmax(92px, 0.7fr)',
      sortBy: ({ service }) => service,
      text: ({ service }) => service,
      missing: () => text('noService')
    },
    origin('direct'),
    origin('ssh'),
    {
      id: 'finding',
      header: header('finding'),
      width: 'minmax(176px, 1.5fr)',
      sortBy: (row) => text(`finding.${row.finding}`),
      text: (row) => (row.finding === 'none' ? '' : text(`finding.${row.finding}`))
    }
  ]
}

/** What a CSV says beside the state: why, and how fast. */
export function scanCsvColumns(words: PortWords): TableColumn<ScanRow>[] {
  const { text } = words
  const header = (id: string): string => text(`column.${id}`)
  const more = (id: 'direct' | 'ssh'): TableColumn<ScanRow>[] => [
    {
      id: `${id}Reason`,
      header: `${header(id)}: ${header('reason')}`,
      text: (row) => {
        const result = row[id]
        return result === null ? null : text(`reason.${result.reason}`)
      }
    },
    {
      id: `${id}Ms`,
      header: `${header(id)}: ${header('answer')} (ms)`,
      csv: (row) => row[id]?.answerMs ?? null
    }
  ]
  return scanColumns(words).flatMap((column) =>
    column.id === 'direct' || column.id === 'ssh' ? [column, ...more(column.id)] : [column]
  )
}

/** How long the answer took; null = none came. */
export const answerText = ({ answerMs }: PortResult): string | null =>
  answerMs === null ? null : `${formatNumber(answerMs, answerMs < 10 ? 1 : 0)} ms`
