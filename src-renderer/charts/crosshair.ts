/** One time pointed at, shared by all charts of a page. */
import { inject, provide, shallowRef, type InjectionKey, type ShallowRef } from 'vue'

export interface Crosshair {
  /** null = nothing is pointed at. */
  readonly atMs: ShallowRef<number | null>
  /** The chart that is pointed at shows the values; the others only the line. */
  readonly owner: ShallowRef<symbol | null>
}

const KEY: InjectionKey<Crosshair> = Symbol('crosshair')

const createCrosshair = (): Crosshair => ({ atMs: shallowRef(null), owner: shallowRef(null) })

/** Links the charts below the calling component. */
export function provideCrosshair(): Crosshair {
  const crosshair = createCrosshair()
  provide(KEY, crosshair)
  return crosshair
}

/** The page's, or one of the chart's own where nobody linked it. */
export const useCrosshair = (): Crosshair => inject(KEY, createCrosshair, true)
