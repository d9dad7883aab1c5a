import { useI18n } from 'vue-i18n'
import type { Disk } from '#contract/hardware.ts'
import { formatAge } from '../../format/index.ts'
import { healthLevel } from './disk-columns.ts'

export interface HealthWords {
  /** Short, for the cell. */
  readonly text: (disk: Disk) => string
  /** In full, for a tip. */
  readonly tip: (disk: Disk) => string
  /** Why a figure of its health is missing. */
  readonly reason: (disk: Disk) => string
}

/** In setup only. */
export function useHealthWords(nowMs: () => number): HealthWords {
  const { t } = useI18n()
  const age = (disk: Disk): string => formatAge(disk.smart.readAtMs, nowMs())
  const text = (disk: Disk): string => {
    const level = healthLevel(disk)
    switch (level) {
      case 'problem':
        return t(`hardware.health.short.${disk.smart.problem ?? 'unreadable'}`)
      case 'notAsked':
      case 'noVerdict':
        return '—'
      default:
        return t(`hardware.health.${level}`)
    }
  }
  const notRead = (disk: Disk): string =>
    disk.smart.problem !== null
      ? t(`hardware.health.problem.${disk.smart.problem}`)
      : disk.smart.asleep
        ? t('hardware.health.asleepNever')
        : t('hardware.health.notAsked')
  return {
    text,
    tip(disk) {
      const { report, asleep, problem } = disk.smart
      if (report === null) return notRead(disk)
      const said = report.warnings.map((warning) => t(`hardware.health.warn.${warning}`))
      const first =
        said.length > 0 ? said : [report.healthy === null ? t('hardware.health.noVerdict') : text(disk)]
      if (asleep) first.push(t('hardware.health.asleepTip', { age: age(disk) }))
      else if (problem !== null)
        first.push(t(`hardware.health.problem.${problem}`), t('hardware.health.readAt', { age: age(disk) }))
      return first.join(' ')
    },
    reason: (disk) => (disk.smart.report === null ? notRead(disk) : t('hardware.health.notOfThisKind'))
  }
}
