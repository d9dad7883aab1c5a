/** The devices of both definitions of a VM, each once: with what it is now and what it will be. */
import type { ConfiguredDisk, ConfiguredInterface, MachineConfiguration } from '#contract/configuration.ts'

export interface Both<T> {
  readonly key: string
  /** Of the running VM where it runs and has it, else of the next start. */
  readonly shown: T
  readonly live: T | null
  readonly nextBoot: T | null
  /** It is in one of the two only. null: in both, or there is one definition only. */
  readonly only: 'live' | 'nextBoot' | null
}

function both<T>(
  live: readonly T[] | null,
  nextBoot: readonly T[] | null,
  keyOf: (device: T) => string
): Both<T>[] {
  const byKey = new Map<string, { live: T | null; nextBoot: T | null }>()
  for (const device of live ?? []) byKey.set(keyOf(device), { live: device, nextBoot: null })
  for (const device of nextBoot ?? [])
    byKey.set(keyOf(device), { live: byKey.get(keyOf(device))?.live ?? null, nextBoot: device })
  const isBoth = live !== null && nextBoot !== null
  return [...byKey].flatMap(([key, one]) => {
    const shown = one.live ?? one.nextBoot
    if (shown === null) return []
    const only =
      !isBoth || (one.live !== null && one.nextBoot !== null) ? null : one.live === null ? 'nextBoot' : 'live'
    return [{ key, shown, ...one, only }]
  })
}

export const disksOf = ({ live, nextBoot }: MachineConfiguration): Both<ConfiguredDisk>[] =>
  both(live?.disks ?? null, nextBoot?.disks ?? null, ({ target }) => target)

export const interfacesOf = ({ live, nextBoot }: MachineConfiguration): Both<ConfiguredInterface>[] =>
  both(live?.interfaces ?? null, nextBoot?.interfaces ?? null, ({ mac }) => mac?.toLowerCase() ?? '')
