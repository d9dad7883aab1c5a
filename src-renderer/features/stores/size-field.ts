/** Sizes as they are typed: a number of GiB. */
const GIB = 2 ** 30

export const gibOf = (bytes: number): number => Math.round((bytes / GIB) * 100) / 100

/** Whole bytes, in steps of 1 MiB as images are made; null = no size. */
export function bytesOfGib(gib: number | null): number | null {
  if (gib === null || !Number.isFinite(gib) || gib <= 0) return null
  return Math.max(1, Math.round((gib * GIB) / 2 ** 20)) * 2 ** 20
}
