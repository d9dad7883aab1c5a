/** All sources of power figures of one moment, and which of them stand for the whole machine. Pure. */
import type { CapabilityCause } from '#contract/vocabulary.ts'
import type { Battery, PowerMeter } from './power-meters.ts'
import type { RaplWatts } from './rapl.ts'

export type PowerKind = 'ipmi' | 'hwmon' | 'rapl' | 'battery' | 'gpu'

export interface PowerSource {
  /** As in the metric catalogue: `rapl:package-0`, `ipmi`, `hwmon:…`, `battery:BAT0`, `gpu`. */
  readonly key: string
  readonly kind: PowerKind
  /** Of the source itself; '' where the kind says all. */
  readonly name: string
  readonly watts: number | null
  readonly chargeRatio: number | null
  /** `machine`: all it draws; `board`: all but the power supply's losses and cards with a plug of their own; `part`: some of it. */
  readonly scope: 'machine' | 'board' | 'part'
  /** Counted by the source itself since the reading before; null = only watts are known. */
  readonly joules: number | null
}

/** Why a kind of source says nothing. `fix` is a line to copy. */
export interface PowerGap {
  readonly kind: PowerKind
  readonly cause: CapabilityCause
  readonly fix: string | null
}

export interface PowerParts {
  readonly ipmiWatts: number | null
  readonly meters: readonly PowerMeter[]
  readonly rapl: readonly RaplWatts[]
  readonly batteries: readonly Battery[]
  readonly gpuWatts: number | null
}

export function powerSources({ ipmiWatts, meters, rapl, batteries, gpuWatts }: PowerParts): PowerSource[] {
  const plain = { chargeRatio: null, joules: null }
  return [
    ...(ipmiWatts === null
      ? []
      : [
          {
            ...plain,
            key: 'ipmi',
            kind: 'ipmi' as const,
            name: '',
            watts: ipmiWatts,
            scope: 'machine' as const
          }
        ]),
    ...meters.map(({ name, watts, scope }) => ({
      ...plain,
      key: `hwmon:${name}`,
      kind: 'hwmon' as const,
      name,
      watts,
      scope
    })),
    ...rapl.map(({ name, watts, scope, joules }) => ({
      ...plain,
      key: `rapl:${name}`,
      kind: 'rapl' as const,
      name,
      watts,
      scope,
      joules
    })),
    ...batteries.map(({ name, watts, discharging, chargeRatio }) => ({
      ...plain,
      key: `battery:${name}`,
      kind: 'battery' as const,
      name,
      watts: discharging ? watts : null,
      chargeRatio,
      scope: 'machine' as const
    })),
    ...(gpuWatts === null
      ? []
      : [{ ...plain, key: 'gpu', kind: 'gpu' as const, name: '', watts: gpuWatts, scope: 'part' as const }])
  ]
}

export interface BestPower {
  /** Sources that add up to it. */
  readonly keys: readonly string[]
  readonly watts: number
  /** `parts`: what is known of the machine, which draws more. */
  readonly scope: 'machine' | 'board' | 'parts'
  /** Lower is better; a fall to a worse one is no change of the machine's power. */
  readonly rank: number
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

/**
 * The machine's power: its BMC, else its meter, else what its batteries give, else the CPU's sum for the board, else all parts
 * that do not overlap. Nothing is added twice: psys holds the packages, and meters of parts are not summed.
 */
export function bestPower(sources: readonly PowerSource[]): BestPower | null {
  const known = sources.flatMap((source) =>
    source.watts === null ? [] : [{ ...source, watts: source.watts }]
  )
  const of = (kind: PowerKind, scope: PowerSource['scope']) =>
    known.filter((source) => source.kind === kind && source.scope === scope)
  const parts = [...of('rapl', 'part'), ...of('gpu', 'part')]
  const choices = [
    { chosen: of('ipmi', 'machine'), scope: 'machine' },
    // Several meters are several views of one machine.
    { chosen: of('hwmon', 'machine').slice(0, 1), scope: 'machine' },
    { chosen: of('battery', 'machine'), scope: 'machine' },
    { chosen: of('rapl', 'board').slice(0, 1), scope: 'board' },
    { chosen: parts, scope: 'parts' }
  ] as const
  for (const [rank, { chosen, scope }] of choices.entries()) {
    if (chosen.length > 0)
      return { keys: chosen.map(({ key }) => key), watts: sum(chosen.map(({ watts }) => watts)), scope, rank }
  }
  return null
}
