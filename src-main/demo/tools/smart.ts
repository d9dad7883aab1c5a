/** What smartctl would say on a demo server: most drives are well; one wears out, one has bad sectors, one fails, one sleeps. */
import type { SimulatedHost } from '../host.ts'
import { hash } from '../noise.ts'
import type { DiskProfile } from '../profiles.ts'
import { isSolid, modelOf, serialOf } from './disk-names.ts'
import type { ToolAnswer } from './player.ts'

type Fate = 'well' | 'worn' | 'pending' | 'failing' | 'asleep' | 'denied'

/** By server and disk. Servers beyond the first six have drives that are well. */
const FATES: Readonly<Record<string, Fate>> = {
  'kvm-bravo sda': 'worn',
  'kvm-bravo sdb': 'pending',
  'storage-07 sdd': 'failing',
  'storage-07 sde': 'asleep'
}

export function playedSmart(host: SimulatedHost, device: string): ToolAnswer {
  const disk = host.profile.disks.find(({ name }) => name === device)
  if (disk === undefined)
    return answer(host, device, { messages: [error(`/dev/${device}: No such device`)] }, 2)
  const fate = host.name === 'gpu-01' ? 'denied' : (FATES[`${shortName(host)} ${device}`] ?? 'well')
  if (fate === 'denied') {
    const text = `Smartctl open device: /dev/${device} failed: Permission denied`
    return answer(host, device, { messages: [error(text)] }, 2)
  }
  if (fate === 'asleep') {
    const text = { string: 'Device is in STANDBY mode, exit(2)', severity: 'information' }
    return answer(host, device, { messages: [text] }, 2)
  }
  const values = device.startsWith('nvme') ? nvme(host, disk) : ata(host, disk, fate)
  return answer(host, device, { values }, fate === 'failing' ? 24 : 0)
}

const shortName = ({ hostName }: SimulatedHost): string => hostName.split('.')[0] ?? hostName
const error = (text: string): object => ({ string: text, severity: 'error' })

function answer(
  _host: SimulatedHost,
  device: string,
  { messages = [], values = {} }: { messages?: readonly object[]; values?: object },
  exitCode: number
): ToolAnswer {
  const protocol = device.startsWith('nvme') ? 'NVMe' : 'ATA'
  const json = {
    json_format_version: [1, 0],
    smartctl: {
      version: [7, 3],
      argv: ['smartctl', '--json', '-a', '-n', 'standby', `/dev/${device}`],
      ...(messages.length > 0 && { messages }),
      exit_status: exitCode
    },
    device: { name: `/dev/${device}`, type: protocol === 'NVMe' ? 'nvme' : 'sat', protocol },
    ...values
  }
  return { stdout: `${JSON.stringify(json, null, 2)}\n`, exitCode }
}

function common(host: SimulatedHost, disk: DiskProfile, celsius: number, hours: number): object {
  return {
    model_name: modelOf(disk),
    serial_number: serialOf(host, disk),
    firmware_version: disk.name.startsWith('nvme') ? 'GDC5602Q' : 'SN03',
    user_capacity: { bytes: disk.sizeBytes },
    temperature: { current: celsius },
    power_on_time: { hours },
    power_cycle_count: 12 + Math.floor(hash(host.seed, disk.minor) * 40)
  }
}

const hoursOf = (host: SimulatedHost): number => Math.round((host.profile.uptimeDays + 400) * 24)
/** Warmer while it works. */
const celsiusOf = (host: SimulatedHost, disk: DiskProfile, base: number): number =>
  Math.round(base + 6 * hash(host.seed + 3, disk.minor) + 3 * Math.sin(Date.now() / 1.8e6))

function nvme(host: SimulatedHost, disk: DiskProfile): object {
  const celsius = celsiusOf(host, disk, 38)
  return {
    ...common(host, disk, celsius, hoursOf(host)),
    smart_status: { passed: true, nvme: { value: 0 } },
    nvme_smart_health_information_log: {
      critical_warning: 0,
      temperature: celsius,
      available_spare: 100,
      available_spare_threshold: 10,
      percentage_used: Math.floor(4 + hash(host.seed + 5, disk.minor) * 20),
      power_on_hours: hoursOf(host),
      unsafe_shutdowns: 7,
      media_errors: 0
    }
  }
}

function ata(host: SimulatedHost, disk: DiskProfile, fate: Fate): object {
  const solid = isSolid(disk)
  const celsius = celsiusOf(host, disk, solid ? 29 : 33)
  const failing = fate === 'failing'
  const pending = fate === 'pending' ? 16 : failing ? 304 : 0
  const reallocated = failing ? 2_152 : fate === 'pending' ? 8 : 0
  const row = (id: number, name: string, value: number, thresh: number, raw: number): object => ({
    id,
    name,
    value,
    worst: value,
    thresh,
    when_failed: value <= thresh && thresh > 0 ? 'now' : '',
    raw: { value: raw, string: String(raw) }
  })
  return {
    ...common(host, disk, celsius, hoursOf(host)),
    rotation_rate: solid ? 0 : 7_200,
    smart_status: { passed: !failing },
    ata_smart_attributes: {
      table: [
        row(5, 'Reallocated_Sector_Ct', failing ? 3 : 100, 10, reallocated),
        row(9, 'Power_On_Hours', 98, 0, hoursOf(host)),
        row(12, 'Power_Cycle_Count', 100, 20, 19),
        row(187, 'Reported_Uncorrect', failing ? 41 : 100, 0, failing ? 59 : 0),
        row(194, 'Temperature_Celsius', 100 - celsius, 0, celsius),
        row(197, 'Current_Pending_Sector', pending === 0 ? 100 : 99, 0, pending),
        row(198, 'Offline_Uncorrectable', 100, 0, failing ? 304 : 0),
        row(199, 'UDMA_CRC_Error_Count', 200, 0, 0),
        ...(solid ? [row(233, 'Media_Wearout_Indicator', fate === 'worn' ? 8 : 94, 0, 0)] : [])
      ]
    }
  }
}
