/** Rates of the interfaces and of the whole server between two frames. */
import type { EntityValues, MetricValues } from '#contract/metric-catalogue.ts'
import type { HostFrame } from './frame.ts'
import { type Inventory, totalInterfaces } from './inventory.ts'
import type { InterfaceCounters } from './proc-net-dev.ts'

export interface NetworkDerivation {
  readonly interfaces: readonly EntityValues<'interface'>[]
  readonly server: MetricValues<'server'>
  /** An interface that counts for the server began again at 0. */
  readonly reset: boolean
}

export interface NetworkStep {
  readonly frame: HostFrame
  readonly inventory: Inventory
  readonly chosen?: ReadonlySet<string> | null
}

/** `previous` null, or `elapsedSec` 0: cumulative counters only. */
export function deriveNetwork(
  previous: NetworkStep | null,
  current: NetworkStep,
  elapsedSec: number
): NetworkDerivation {
  const interfaces: EntityValues<'interface'>[] = []
  const counted = totalInterfaces(current.inventory, current.frame.interfaces.keys(), current.chosen)
  const sums = { rxBytes: 0, txBytes: 0, rxRate: 0, txRate: 0, rates: 0 }
  let reset = false
  for (const [name, now] of current.frame.interfaces) {
    const before = sameInterface(previous, current, name)
    const rates = before === null || elapsedSec <= 0 ? null : interfaceRates(before, now, elapsedSec)
    if (current.inventory.interfaces.get(name)?.containerEnd !== true) {
      const values: MetricValues<'interface'> = { rxBytes: now.rxBytes, txBytes: now.txBytes }
      interfaces.push({
        kind: 'interface',
        key: name,
        values: rates === null ? values : { ...values, ...rates }
      })
    }
    if (!counted.has(name)) continue
    sums.rxBytes += now.rxBytes
    sums.txBytes += now.txBytes
    if (rates !== null) {
      sums.rates++
      sums.rxRate += rates.rxBytesPerSec
      sums.txRate += rates.txBytesPerSec
    } else if (before !== null && elapsedSec > 0) reset = true
  }
  return { interfaces, server: serverValues(counted.size, sums, reset), reset }
}

function serverValues(
  countedInterfaces: number,
  sums: { rxBytes: number; txBytes: number; rxRate: number; txRate: number; rates: number },
  reset: boolean
): MetricValues<'server'> {
  if (countedInterfaces === 0) return {}
  const values: MetricValues<'server'> = { netRxBytes: sums.rxBytes, netTxBytes: sums.txBytes }
  // A sum without one of its parts would show a dip that never was.
  if (reset || sums.rates === 0) return values
  values.netRxBytesPerSec = sums.rxRate
  values.netTxBytesPerSec = sums.txRate
  values.netTotalBytesPerSec = sums.rxRate + sums.txRate
  return values
}

/** The counters of the same interface in the frame before; null when it is new, or another one under an old name. */
function sameInterface(
  previous: NetworkStep | null,
  current: NetworkStep,
  name: string
): InterfaceCounters | null {
  if (previous === null) return null
  const indexBefore = previous.inventory.interfaces.get(name)?.ifindex ?? null
  const indexNow = current.inventory.interfaces.get(name)?.ifindex ?? null
  if (indexBefore !== null && indexNow !== null && indexBefore !== indexNow) return null
  return previous.frame.interfaces.get(name) ?? null
}

type Rates = Required<Omit<MetricValues<'interface'>, 'rxBytes' | 'txBytes'>>

/** null when a counter fell: reset, replaced, or wrapped at 32 bits. */
function interfaceRates(before: InterfaceCounters, now: InterfaceCounters, elapsedSec: number): Rates | null {
  const rate = (counter: keyof InterfaceCounters): number => (now[counter] - before[counter]) / elapsedSec
  const rates: Rates = {
    rxBytesPerSec: rate('rxBytes'),
    txBytesPerSec: rate('txBytes'),
    totalBytesPerSec: rate('rxBytes') + rate('txBytes'),
    rxErrorsPerSec: rate('rxErrors'),
    txErrorsPerSec: rate('txErrors'),
    rxDropsPerSec: rate('rxDrops'),
    txDropsPerSec: rate('txDrops')
  }
  return Object.values(rates).some((value) => value < 0) ? null : rates
}
