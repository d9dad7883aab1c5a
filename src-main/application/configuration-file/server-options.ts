/** What is chosen per server outside of its record, subject by subject: names and schemas as `ServerOptions` keeps them. */
import { HardwareOptions } from '#contract/hardware.ts'
import { PortPlan } from '#contract/ports.ts'
import { PowerOptions } from '#contract/power.ts'
import { ProcessOptions } from '#contract/processes.ts'
import { WakeSettings } from '#contract/switching.ts'
import { TrafficOptions } from '#contract/traffic.ts'
import { WatchedUnits } from '../services/services.ts'

/** Every `new ServerOptions(blobs, subject, …)` of the console; configuration-file.test.ts holds this list to the sources. */
export const SERVER_OPTIONS = {
  processes: ProcessOptions,
  ports: PortPlan,
  traffic: TrafficOptions,
  services: WatchedUnits,
  wake: WakeSettings,
  power: PowerOptions,
  hardware: HardwareOptions
}
export type OptionsSubject = keyof typeof SERVER_OPTIONS
export const OPTIONS_SUBJECTS = Object.keys(SERVER_OPTIONS) as OptionsSubject[]
