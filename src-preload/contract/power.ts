/** Power of a server with its sources, energy by the day, and its sensors. */
import { z } from 'zod'
import { call, stream } from './define.ts'
import { ServerId } from './ids.ts'
import { AtMs, RemoteText } from './units.ts'
import { CapabilityCause } from './vocabulary.ts'

export const PowerKind = z.enum(['ipmi', 'hwmon', 'rapl', 'battery', 'gpu'])
export type PowerKind = z.infer<typeof PowerKind>

export const PowerSource = z.object({
  /** As in the metric catalogue. */
  key: z.string().max(1024),
  kind: PowerKind,
  /** Of the source itself; '' where the kind says all. */
  name: RemoteText,
  watts: z.number().nullable(),
  chargeRatio: z.number().nullable(),
  /** What it measures: all that the machine draws, the board, or a part. */
  scope: z.enum(['machine', 'board', 'part'])
})
export type PowerSource = z.infer<typeof PowerSource>

/** Why a kind of source says nothing; `fix` is a line to copy, made in main from constants. */
export const PowerGap = z.object({
  kind: PowerKind,
  cause: CapabilityCause,
  fix: z.string().max(500).nullable()
})
export type PowerGap = z.infer<typeof PowerGap>

export const PowerView = z.object({
  atMs: AtMs,
  sources: z.array(PowerSource).max(256),
  gaps: z.array(PowerGap).max(8),
  /** What stands for the server's power: these sources together. null = nothing does. */
  best: z
    .object({
      keys: z.array(z.string().max(1024)).max(256),
      watts: z.number(),
      /** `parts`: the machine draws more than is known. */
      scope: z.enum(['machine', 'board', 'parts'])
    })
    .nullable()
})
export type PowerView = z.infer<typeof PowerView>

export const SensorNow = z.object({
  /** `chip/label`; the key of its series too. */
  key: z.string().max(1024),
  chip: RemoteText,
  label: RemoteText,
  kind: z.enum(['temperature', 'fan']),
  /** °C or turns per minute. */
  value: z.number(),
  highCelsius: z.number().nullable(),
  criticalCelsius: z.number().nullable(),
  /** Of CPU or board: counts for the hottest of the server. */
  countsForHottest: z.boolean()
})
export type SensorNow = z.infer<typeof SensorNow>

export const SensorsView = z.object({
  atMs: AtMs,
  sensors: z.array(SensorNow).max(512),
  hottestCelsius: z.number().nullable()
})
export type SensorsView = z.infer<typeof SensorsView>

/** The operator's date, `2026-11-28`. */
const Day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/)

/** What a kWh costs; kept for each server. */
export const PowerOptions = z.object({
  pricePerKwh: z.number().min(0).max(1_000).nullable().default(null),
  /** As the operator writes it: €, CNY. */
  currency: z.string().trim().max(8).default('')
})
export type PowerOptions = z.infer<typeof PowerOptions>

export const EnergyDay = z.object({ day: Day, joules: z.number().nonnegative() })
export type EnergyDay = z.infer<typeof EnergyDay>

const ById = z.object({ serverId: ServerId })

export const powerContract = {
  /** The newest reading, then each newer one. Nothing until the first. */
  'power.watch': stream(ById, PowerView, 'latest'),
  'sensors.watch': stream(ById, SensorsView, 'latest'),
  /** Energy of the server by day, as far as it was measured; days without any are left out. Days are inclusive. */
  'power.energy': call(
    z.object({ serverId: ServerId, fromDay: Day, toDay: Day }),
    z.object({ days: z.array(EnergyDay).max(5_000), options: PowerOptions })
  ),
  'power.setOptions': call(z.object({ serverId: ServerId, options: PowerOptions }), z.null())
}
