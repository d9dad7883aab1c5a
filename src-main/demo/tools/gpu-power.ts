/** Plays the scripts of the lanes of cards, sensors and power (remote/gpu-power/scripts.ts) as the server's profile says. */
import type { GpuPowerProfile } from '../gpu-power-profiles.ts'
import type { SimulatedHost } from '../host.ts'
import { clamp, smooth } from '../noise.ts'
import {
  gpuWatts,
  playAmdProcesses,
  playDrm,
  playNvidiaList,
  playNvidiaProcesses,
  playNvidiaRows,
  playSurvey
} from './gpus.ts'
import type { ToolAnswer, ToolPlayer } from './player.ts'

const NVIDIA_EVERY_MS = 10_000

export const playGpuPower: ToolPlayer = (host, script) => {
  const { gpuPower } = host.profile
  if (gpuPower === undefined) return null
  if (script.includes('nvidia-smi --query-gpu=')) return playResident(host, gpuPower)
  const play = SCRIPTS.find(([sign]) => script.includes(sign))?.[1]
  return play === undefined ? null : { stdout: play(host, gpuPower), exitCode: 0 }
}

/** A text that only this script holds, and what it prints. */
const SCRIPTS: readonly (readonly [string, (host: SimulatedHost, gpuPower: GpuPowerProfile) => string])[] = [
  ['nvidia-smi --query-compute-apps', playNvidiaProcesses],
  ['nvidia-smi -L', playNvidiaList],
  ['/sys/class/kfd', playAmdProcesses],
  ['/sys/bus/pci/devices', playSurvey],
  ['/sys/class/drm', playDrm],
  ['ipmitool dcmi', playIpmi],
  ['/sys/class/powercap', playPower],
  ['/sys/class/thermal', playSensors]
]

function playResident(host: SimulatedHost, gpuPower: GpuPowerProfile): ToolAnswer | null {
  if (!gpuPower.gpus.some(({ vendor }) => vendor === 'nvidia')) return { stdout: '', exitCode: 127 }
  const rows = (): string[] => playNvidiaRows(host, gpuPower)
  return {
    stdout: ['@pid 4711', ...rows()].join('\n'),
    exitCode: 0,
    again: { everyMs: NVIDIA_EVERY_MS, lines: rows }
  }
}

const nowSec = (): number => Date.now() / 1_000

/** 0..1 of what the CPUs could do. */
const busyOf = (host: SimulatedHost): number =>
  clamp(
    host.counters.load[0] / host.profile.threads + 0.08 * (smooth(host.seed + 41, nowSec(), 45) - 0.5),
    0.01,
    1
  )

/** Of the machine without its cards. */
const baseWatts = (host: SimulatedHost, [idle, full]: GpuPowerProfile['watts']): number =>
  idle + (full - idle) * busyOf(host)

function playIpmi(host: SimulatedHost, gpuPower: GpuPowerProfile): string {
  if (gpuPower.ipmi === 'none') return '@nodevice'
  if (gpuPower.ipmi === 'toolMissing') return '@notool'
  const cards = gpuPower.gpus.reduce((sum, _card, index) => sum + gpuWatts(host, gpuPower, index), 0)
  const watts = Math.round((baseWatts(host, gpuPower.watts) + cards) * 1.08)
  return [
    '',
    `    Instantaneous power reading:                   ${String(watts).padStart(5)} Watts`,
    `    Minimum during sampling period:                ${String(Math.round(watts * 0.6)).padStart(5)} Watts`,
    '    Sampling period:                          00000001 Seconds.',
    '    Power reading state is:                   activated'
  ].join('\n')
}

const RAPL_RANGE = 262_143_328_850

function playPower(host: SimulatedHost, gpuPower: GpuPowerProfile): string {
  const lines = [`uptime/sec:${host.uptimeSec().toFixed(2)}`, '@rapl']
  if (gpuPower.rapl !== 'none') {
    for (let socket = 0; socket < gpuPower.sockets; socket++) {
      const share = baseWatts(host, gpuPower.watts) / gpuPower.sockets
      const zone = `intel-rapl:${socket}`
      lines.push(...raplZone(host, gpuPower, zone, `package-${socket}`, share * 0.6))
      if (gpuPower.sensors === 'server')
        lines.push(...raplZone(host, gpuPower, `${zone}:0`, 'dram', share * 0.12))
    }
  }
  lines.push('@hwmon')
  if (gpuPower.meter) {
    lines.push(
      'hwmon0/@device:/sys/devices/LNXSYSTM:00/LNXSYBUS:00/ACPI000D:00',
      'hwmon0/name:power_meter',
      `hwmon0/power1_average:${Math.round(baseWatts(host, gpuPower.watts) * 1e6)}`
    )
  }
  return [...lines, '@supply'].join('\n')
}

/** A counter of energy that grew with the power of now since the last time it was asked. */
const energies = new WeakMap<SimulatedHost, Map<string, { microJoules: number; atSec: number }>>()

function raplZone(
  host: SimulatedHost,
  gpuPower: GpuPowerProfile,
  zone: string,
  name: string,
  watts: number
): string[] {
  const head = [`${zone}/name:${name}`, `${zone}/max_energy_range_uj:${RAPL_RANGE}`]
  if (gpuPower.rapl === 'denied') return [...head, `${zone}/@denied:1`]
  const counters = energies.get(host) ?? new Map<string, { microJoules: number; atSec: number }>()
  energies.set(host, counters)
  const atSec = host.uptimeSec()
  const before = counters.get(zone) ?? { microJoules: host.seed * 7e9, atSec }
  const microJoules =
    Math.round(before.microJoules + Math.max(0, atSec - before.atSec) * watts * 1e6) % RAPL_RANGE
  counters.set(zone, { microJoules, atSec })
  return [...head, `${zone}/energy_uj:${microJoules}`]
}

function playSensors(host: SimulatedHost, gpuPower: GpuPowerProfile): string {
  const busy = busyOf(host)
  const milli = (value: number, salt: number): string =>
    String(Math.round((value + 2 * smooth(host.seed + 60 + salt, nowSec(), 50)) * 1_000))
  if (gpuPower.sensors === 'board') {
    const temperature = milli(41 + busy * 30, 0)
    return [
      'hwmon0/name:rp1_adc',
      'hwmon1/@device:/sys/devices/platform/cooling_fan',
      'hwmon1/name:pwmfan',
      'hwmon1/fan1_input:2210',
      '@thermal',
      'thermal_zone0/type:cpu-thermal',
      `thermal_zone0/temp:${temperature}`,
      'thermal_zone0/trip_point_0_type:critical',
      'thermal_zone0/trip_point_0_temp:110000'
    ].join('\n')
  }
  const lines: string[] = []
  let number = 0
  const chip = (name: string, device: string, files: readonly (readonly [string, string])[]): void => {
    const folder = `hwmon${number++}`
    lines.push(`${folder}/@device:${device}`, `${folder}/name:${name}`)
    lines.push(...files.map(([file, value]) => `${folder}/${file}:${value}`))
  }
  host.profile.disks
    .filter(({ name }) => name.startsWith('nvme'))
    .forEach((_disk, index) =>
      chip(
        'nvme',
        `/sys/devices/pci0000:00/0000:00:0${index + 1}.1/0000:0${index + 4}:00.0/nvme/nvme${index}`,
        [
          ['temp1_label', 'Composite'],
          ['temp1_input', milli(38 + index * 3, 1 + index)],
          ['temp1_max', '84850'],
          ['temp1_crit', '87850']
        ]
      )
    )
  for (let socket = 0; socket < gpuPower.sockets; socket++) {
    chip(...cpuChip(host, socket, milli(36 + busy * 44 + socket * 2, 8 + socket)))
  }
  chip('nct6798', '/sys/devices/platform/nct6775.656', [
    ['temp1_label', 'SYSTIN'],
    ['temp1_input', milli(31, 20)],
    ['temp2_label', 'AUXTIN0'],
    ['temp2_input', '-128000'],
    ...[0, 1, 2].map((fan): [string, string] => [
      `fan${fan + 1}_input`,
      String(Math.round((gpuPower.sensors === 'server' ? 5_200 : 780) * (1 + busy * 0.6 + fan * 0.04)))
    ]),
    ['fan4_input', '0']
  ])
  return [...lines, '@thermal'].join('\n')
}

function cpuChip(
  host: SimulatedHost,
  socket: number,
  temperature: string
): [name: string, device: string, files: readonly (readonly [string, string])[]] {
  if (host.profile.cpuModel.includes('Intel'))
    return [
      'coretemp',
      `/sys/devices/platform/coretemp.${socket}`,
      [
        ['temp1_label', `Package id ${socket}`],
        ['temp1_input', temperature],
        ['temp1_max', '84000'],
        ['temp1_crit', '94000']
      ]
    ]
  return [
    'k10temp',
    `/sys/devices/pci0000:00/0000:00:${(24 + socket).toString(16)}.3`,
    [
      ['temp1_label', 'Tctl'],
      ['temp1_input', temperature]
    ]
  ]
}
