/** Raster operations: how what is drawn and what is there become one. */

/** Of what is drawn (`source`) and what is there (`target`). */
export type Operation = 'put' | ((source: number, target: number) => number)

const ROP = {
  inverseSource: 1 << 0,
  inverseBrush: 1 << 1,
  inverseTarget: 1 << 2,
  put: 1 << 3,
  or: 1 << 4,
  and: 1 << 5,
  xor: 1 << 6,
  blackness: 1 << 7,
  whiteness: 1 << 8,
  inverse: 1 << 9,
  inverseResult: 1 << 10
} as const

/**
 * What a raster operation's descriptor asks for.
 * @param from which of the two inverting bits is the drawn thing's
 * @param targetBit which is the bit of what it is combined with
 */
export function operationOf(
  descriptor: number,
  from: 'source' | 'brush',
  onto: 'target' | 'source' = 'target'
): Operation {
  const sourceMask = descriptor & (from === 'source' ? ROP.inverseSource : ROP.inverseBrush) ? 0xffffff : 0
  const targetMask = descriptor & (onto === 'target' ? ROP.inverseTarget : ROP.inverseSource) ? 0xffffff : 0
  const resultMask = descriptor & ROP.inverseResult ? 0xffffff : 0
  if (descriptor & ROP.put && sourceMask === 0 && resultMask === 0) return 'put'
  const combine = combinerOf(descriptor)
  return (source, target) => combine(source ^ sourceMask, target ^ targetMask) ^ resultMask
}

function combinerOf(descriptor: number): (source: number, target: number) => number {
  if (descriptor & ROP.or) return (source, target) => source | target
  if (descriptor & ROP.and) return (source, target) => source & target
  if (descriptor & ROP.xor) return (source, target) => source ^ target
  if (descriptor & ROP.blackness) return () => 0xff000000
  if (descriptor & ROP.whiteness) return () => 0xffffffff
  if (descriptor & ROP.inverse) return (_source, target) => target ^ 0xffffff
  return (source) => source
}
