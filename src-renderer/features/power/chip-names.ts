/** What a chip is called: its name; of two with one name, each with its place. Pure. */
import type { SensorNow } from '#contract/power.ts'

/** The key is `chip@place/label`. */
const placed = ({ key }: Pick<SensorNow, 'key'>): string => key.slice(0, key.indexOf('/'))

export function chipNames(
  sensors: readonly Pick<SensorNow, 'key' | 'chip'>[]
): (sensor: Pick<SensorNow, 'key' | 'chip'>) => string {
  const places = new Map<string, Set<string>>()
  for (const sensor of sensors)
    places.set(sensor.chip, (places.get(sensor.chip) ?? new Set()).add(placed(sensor)))
  return (sensor) => ((places.get(sensor.chip)?.size ?? 0) > 1 ? placed(sensor) : sensor.chip)
}
