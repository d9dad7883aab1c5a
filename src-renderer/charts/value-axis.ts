/** Ticks of the value axis: round numbers of the shown unit, few enough to be read. */
import { axisScale, type DisplayUnit } from '../format/index.ts'

export interface ValueAxis {
  /** End of the axis, in the metric's own unit. */
  readonly max: number
  readonly ticks: readonly { readonly value: number; readonly label: string }[]
}

/** An axis never ends below this, so that noise around zero does not look like load. */
const leastMax: Record<DisplayUnit, number> = {
  ratio: 0.1,
  bytes: 1024 ** 2,
  bytesPerSec: 10_000,
  bitsPerSec: 1_250,
  perSec: 10,
  load: 1,
  count: 4,
  ms: 10,
  sec: 60,
  celsius: 60,
  watts: 10,
  rpm: 1_000
}

/** A share that comes near to the whole is shown against the whole: an axis that ends at 150 % would be none of shares. */
const NEAR_WHOLE = 0.7

/** 1, 2, 5, 10 … and for sizes 1, 2, 4, 8 …: the smallest step that needs at most `count` of them. */
function niceStep(span: number, count: number, powersOfTwo: boolean): number {
  const least = span / count
  if (powersOfTwo) return 2 ** Math.ceil(Math.log2(least) - 1e-9)
  const decade = 10 ** Math.floor(Math.log10(least))
  for (const factor of [1, 2, 2.5, 5]) if (decade * factor >= least * (1 - 1e-9)) return decade * factor
  return decade * 10
}

/**
 * @param dataMax highest value in view, in the metric's own unit
 * @param fixedMax where the axis ends by its nature (1 for a ratio of a whole, the installed memory)
 */
export function valueAxis(
  unit: DisplayUnit,
  dataMax: number,
  fixedMax: number | null = null,
  count = 4
): ValueAxis {
  // A balloon above its maximum, a counter that overshoots: what is there is shown, whatever the axis should end at.
  const wholeMax = fixedMax ?? (unit === 'ratio' && dataMax > NEAR_WHOLE ? 1 : null)
  const fixed = wholeMax !== null && wholeMax > 0 && dataMax <= wholeMax * 1.001 ? wholeMax : null
  const wanted = fixed ?? Math.max(dataMax * 1.05, leastMax[unit])
  const scale = axisScale(unit, wanted)
  const end = wanted / scale.divisor
  const step =
    unit === 'count' ? Math.max(1, niceStep(end, count, false)) : niceStep(end, count, unit === 'bytes')
  const steps = fixed === null ? Math.ceil(end / step - 1e-9) : Math.floor(end / step + 1e-9)
  const decimals = Math.max(
    0,
    Math.min(3, -Math.floor(Math.log10(step) + 1e-9) + (/2\.5|0\.25/.test(String(step)) ? 1 : 0))
  )
  const ticks = Array.from({ length: steps + 1 }, (_, index) => {
    const shown = index * step
    const text = shown.toFixed(decimals)
    return {
      value: shown * scale.divisor,
      // The unit stands once, at the top; percent stands with each number, as it is part of how it is read.
      label: scale.unit !== '' && (index === steps || scale.unit === '%') ? `${text} ${scale.unit}` : text
    }
  })
  return { max: fixed ?? steps * step * scale.divisor, ticks }
}
