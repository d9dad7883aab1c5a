/** A volume that is made when it is attached. */
export interface FreshVolume {
  readonly path: string
  readonly create: {
    readonly pool: string
    readonly name: string
    readonly capacityBytes: number
    readonly full: boolean
  }
}
