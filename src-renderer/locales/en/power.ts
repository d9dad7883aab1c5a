/** Power, energy and sensors of a server. */
import type { PowerKind, PowerSource } from '#contract/power.ts'

export const power = {
  sources: 'Power',
  now: 'now, by {source}',
  nowParts: 'known of it, by {source}; the machine draws more',
  kind: {
    ipmi: 'BMC (IPMI)',
    hwmon: 'Meter',
    rapl: 'CPU counter',
    battery: 'Battery',
    gpu: 'Graphics cards'
  } satisfies Record<PowerKind, string>,
  scope: {
    machine: 'the whole machine',
    board: 'the board',
    part: 'a part'
  } satisfies Record<PowerSource['scope'], string>,
  chosen: 'counts as the server’s power',
  charge: 'charged {ratio}',
  notDischarging: 'It does not run on the battery.',
  none: 'No source tells what this server draws.',
  reading: 'Reading what it draws',
  copyFix: 'Copy the command',
  sudoHint: 'Or allow “Use sudo” for this server.',
  waited: 'The source of before does not answer; it is waited for.',
  energy: {
    title: 'Energy',
    days: 'By day',
    month: 'this month',
    today: 'today',
    day: '{day}: {energy}',
    dayCost: '{day}: {energy}, {cost}',
    none: 'No energy has been measured yet: it is added up while the console runs.',
    measured:
      'As far as it was measured: while the console was closed or the server off, nothing is counted.',
    setPrice: 'Price per kWh',
    table: 'Energy by day'
  },
  price: {
    title: 'What a kWh costs',
    subtitle: 'For {name}',
    price: 'Price per kWh',
    currency: 'Currency',
    currencyHint: 'As you write it: €, CNY, kr',
    none: 'Left empty, no cost is shown.',
    invalid: 'A number from 0 to 1000',
    save: 'Save'
  },
  sensors: {
    title: 'Temperatures',
    fans: 'Fans',
    none: 'This server shows no temperatures.',
    noFans: 'No fan turns that the server can see.',
    reading: 'Reading the sensors',
    critical: 'limit {value}',
    of: '{sensor} against its limit',
    hottest: 'hottest of CPU and board'
  },
  chart: {
    power: 'Power',
    sources: 'Power by source',
    temperature: 'Temperatures',
    fans: 'Fans',
    server: 'server'
  }
}
