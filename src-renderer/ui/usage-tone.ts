export type UsageTone = 'accent' | 'amber' | 'red'

/** A used share: calm below 80 %, AMBER from 80 %, RED from 90 %. */
export const usageTone = (ratio: number | null): UsageTone =>
  ratio === null || ratio < 0.8 ? 'accent' : ratio < 0.9 ? 'amber' : 'red'
