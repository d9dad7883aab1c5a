/** Levels and reasons in words. Pure, given the words. */
import type { Recommendation, RecommendationLevel, RecommendationReason } from '#contract/fleet-figures.ts'
import { useI18n } from 'vue-i18n'
import { formatBytes, formatNumber, formatRatio, quantityText } from '../../format/index.ts'

export type Translate = (key: string, values?: Record<string, unknown>, plural?: number) => string

/** By what the best are chosen: code of the reason that tells how much of it is free. */
export const FREE_REASON = {
  gpuMemory: 'gpuMemoryFree',
  cpu: 'cpuFree',
  memory: 'memoryFree'
} as const satisfies Record<string, RecommendationReason['code']>
export type BestBy = keyof typeof FREE_REASON
export const BEST_BY = Object.keys(FREE_REASON) as [BestBy, ...BestBy[]]

const RATIOS: ReadonlySet<string> = new Set(['cpuBusy', 'diskShort', 'gpuBusy', 'pressure', 'swapping'])

/** Full threads; halves only where there are few. */
const threads = (count: number): string => formatNumber(count, count < 10 && !Number.isInteger(count) ? 1 : 0)

export function reasonText({ code, value }: RecommendationReason, t: Translate): string {
  if (code === 'cpuFree')
    return value === null
      ? t('recommendation.shareFree')
      : t('recommendation.reason.cpuFree', { value: threads(value) }, value === 1 ? 1 : 2)
  const quantity = RATIOS.has(code) ? formatRatio(value, 0) : formatBytes(value)
  return t(`recommendation.reason.${code}`, { value: quantityText(quantity) })
}

/** @param by what is asked for comes first of all that is free */
export function reasonsText({ reasons }: Recommendation, t: Translate, by?: BestBy): string {
  const wanted = by === undefined ? undefined : FREE_REASON[by]
  const free: ReadonlySet<string> = new Set(Object.values(FREE_REASON))
  const place = ({ code }: RecommendationReason): number => (free.has(code) ? (code === wanted ? 1 : 2) : 0)
  return reasons
    .toSorted((a, b) => place(a) - place(b))
    .map((reason) => reasonText(reason, t))
    .join(', ')
}

/** For sorting: the better, the more. */
export const LEVEL_ORDER: Record<RecommendationLevel, number> = { good: 3, fair: 2, poor: 1 }

/** In setup only. */
export function useRecommendationWords(): {
  readonly levelText: (level: RecommendationLevel) => string
  readonly reasonsText: (of: Recommendation, by?: BestBy) => string
  readonly tip: (of: Recommendation) => string
} {
  const { t: translate } = useI18n()
  const t: Translate = (key, values = {}, plural = 1) => translate(key, values, plural)
  const levelText = (level: RecommendationLevel): string => t(`recommendation.level.${level}`)
  return {
    levelText,
    reasonsText: (of, by) => reasonsText(of, t, by),
    tip: (of) => t('recommendation.tip', { level: levelText(of.level), reasons: reasonsText(of, t) })
  }
}
