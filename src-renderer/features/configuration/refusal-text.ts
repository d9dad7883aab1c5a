/** Why a change cannot be done there, in words. */
import type { ChangePlan } from '#contract/configuration.ts'
import { formatBytes, quantityText } from '../../format/index.ts'
import { visibleText } from '../../ui/index.ts'

type Refusal = ChangePlan['refusals'][number]

/** Parameters that are amounts of bytes, by reason. */
const BYTES: Partial<Record<Refusal['reason'], readonly string[]>> = {
  memoryAboveMax: ['max'],
  shrinks: ['present']
}

export function refusalText(
  t: (key: string, named: Record<string, unknown>) => string,
  { reason, params }: Refusal
): string {
  const named = Object.fromEntries(
    Object.entries(params).map(([key, value]) => [
      key,
      typeof value === 'number' && BYTES[reason]?.includes(key) === true
        ? quantityText(formatBytes(value))
        : visibleText(String(value))
    ])
  )
  const isPlaceless = reason === 'notWellFormed' && params['line'] === undefined
  return t(`configuration.refusal.${isPlaceless ? 'notWellFormedAnywhere' : reason}`, named)
}
