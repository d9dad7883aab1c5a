/** What nvidia-smi and the kernel say of a demo server's cards. */
import type { GpuProfile, GpuPowerProfile } from '../gpu-power-profiles.ts'
import type { SimulatedHost } from '../host.ts'
import { clamp, hash, smooth } from '../noise.ts'

const MIB = 2 ** 20
const hex = (seed: number, digits: number): string =>
  Array.from({ length: digits }, (_unused, at) => Math.floor(hash(seed, at) * 16).toString(16)).join('')

const uuidOf = (prefix: 'GPU' | 'MIG', seed: number): string =>
  `${prefix}-${hex(seed, 8)}-${hex(seed + 1, 4)}-${hex(seed + 2, 4)}-${hex(seed + 3, 4)}-${hex(seed + 4, 12)}`
const gpuUuid = (host: SimulatedHost, index: number): string => uuidOf('GPU', host.seed * 100 + index * 7)
const sliceUuid = (host: SimulatedHost, index: number, slice: number): string =>
  uuidOf('MIG', host.seed * 900 + index * 70 + slice * 5)
const addressOf = (index: number): string =>
  `0000:${(0x17 + index * 0x11).toString(16).padStart(2, '0')}:00.0`

const only = (gpuPower: GpuPowerProfile, vendor: GpuProfile['vendor']): (readonly [GpuProfile, number])[] =>
  gpuPower.gpus.map((card, index) => [card, index] as const).filter(([card]) => card.vendor === vendor)

const usedMib = (host: SimulatedHost, card: GpuProfile, index: number): number =>
  Math.round(
    card.memoryMib *
      clamp(
        card.memory * (0.97 + 0.06 * smooth(host.seed + 70 + index, Date.now() / 1_000, 240)),
        0.005,
        0.99
      )
  )

const celsius = (host: SimulatedHost, gpuPower: GpuPowerProfile, index: number): number =>
  Math.round(31 + 38 * gpuBusy(host, gpuPower, index) + 3 * hash(host.seed, index))

export function gpuWatts(host: SimulatedHost, gpuPower: GpuPowerProfile, index: number): number {
  const card = gpuPower.gpus[index]
  if (card === undefined) return 0
  return card.limitWatts * clamp(0.1 + 0.8 * gpuBusy(host, gpuPower, index), 0.08, 1)
}

export function gpuBusy(host: SimulatedHost, gpuPower: GpuPowerProfile, index: number): number {
  const card = gpuPower.gpus[index]
  if (card === undefined || card.busy === 0) return 0
  return clamp(card.busy * (0.75 + 0.45 * smooth(host.seed + 50 + index, Date.now() / 1_000, 70)), 0, 1)
}

export function playNvidiaRows(host: SimulatedHost, gpuPower: GpuPowerProfile): string[] {
  return only(gpuPower, 'nvidia').map(([card, index]) => {
    const isSliced = card.slices !== undefined
    const used = isSliced
      ? sliceUsed(host, card, index).reduce((sum, one) => sum + one, 0)
      : usedMib(host, card, index)
    return [
      index,
      gpuUuid(host, index),
      `0000${addressOf(index).toUpperCase()}`,
      gpuPower.driverVersion,
      card.memoryMib,
      used,
      card.memoryMib - used - 551,
      isSliced ? '[N/A]' : Math.round(gpuBusy(host, gpuPower, index) * 100),
      celsius(host, gpuPower, index),
      gpuWatts(host, gpuPower, index).toFixed(2),
      card.limitWatts.toFixed(2),
      '[N/A]',
      gpuPower.persistence ? 'Enabled' : 'Disabled',
      isSliced ? 'Enabled' : /H100|A100/.test(card.name) ? 'Disabled' : '[N/A]',
      card.name
    ].join(', ')
  })
}

function sliceUsed(host: SimulatedHost, { slices }: GpuProfile, index: number): number[] {
  if (slices === undefined) return []
  return Array.from({ length: slices.count }, (_unused, slice) =>
    slice % 3 === 2
      ? 12
      : Math.round(slices.memoryMib * (0.2 + 0.6 * hash(host.seed + 9, index * 10 + slice)))
  )
}

export function playNvidiaList(host: SimulatedHost, gpuPower: GpuPowerProfile): string {
  const list: string[] = []
  const table: string[] = []
  for (const [card, index] of only(gpuPower, 'nvidia')) {
    list.push(`GPU ${index}: ${card.name} (UUID: ${gpuUuid(host, index)})`)
    sliceUsed(host, card, index).forEach((used, slice) => {
      const profile = card.slices?.profile ?? ''
      list.push(
        `  MIG ${profile.padEnd(11)} Device ${String(slice).padStart(2)}: (UUID: ${sliceUuid(host, index, slice)})`
      )
      table.push(
        `| ${String(index).padStart(2)} ${String(slice + 7).padStart(4)}   0  ${String(slice).padStart(2)}  |  ${String(used).padStart(9)}MiB / ${String(card.slices?.memoryMib).padStart(6)}MiB | 16      0 |  1   0    1    0    1 |`
      )
    })
  }
  const heading = `| NVIDIA-SMI ${gpuPower.driverVersion}              Driver Version: ${gpuPower.driverVersion}      CUDA Version: ${gpuPower.cudaVersion}     |`
  return [...list, '@table', heading, ...table].join('\n')
}

const PROGRAMS = ['/opt/conda/bin/python3', 'python', '/usr/local/bin/vllm', '/usr/bin/ollama']
const PEOPLE = ['liwei', 'mchen', 'sato', 'train']

export function playNvidiaProcesses(host: SimulatedHost, gpuPower: GpuPowerProfile): string {
  const apps: string[] = []
  const owners: string[] = []
  const app = (uuid: string, index: number, mib: number): void => {
    const pid = 21_000 + ((host.seed * 37 + index * 613) % 9_000)
    const pick = (of: readonly string[]): string =>
      of[Math.floor(hash(host.seed + 5, index) * of.length)] ?? ''
    apps.push(`${uuid}, ${pid}, ${mib}, ${pick(PROGRAMS)}`)
    owners.push(`/proc/${pid} ${pick(PEOPLE)}`)
  }
  for (const [card, index] of only(gpuPower, 'nvidia')) {
    if (card.slices !== undefined) {
      sliceUsed(host, card, index).forEach((used, slice) => {
        if (used > 100) app(sliceUuid(host, index, slice), index * 10 + slice, used - 12)
      })
    } else if (card.memory > 0.02) app(gpuUuid(host, index), index, usedMib(host, card, index) - 480)
  }
  return [
    '@apps',
    ...apps,
    '@pmon',
    '# gpu         pid   type     fb   ccpm    command',
    '@owners',
    ...owners
  ].join('\n')
}

export function playSurvey(_host: SimulatedHost, gpuPower: GpuPowerProfile): string {
  const lines = only(gpuPower, 'nvidia').length > 0 ? ['nvidia-smi/there:1'] : []
  const names: string[] = []
  gpuPower.gpus.forEach((card, index) => {
    lines.push(`pci/${addressOf(index)}:${card.vendor === 'nvidia' ? '0x10de' : '0x1002'}`)
    const maker = card.vendor === 'nvidia' ? 'NVIDIA Corporation' : 'Advanced Micro Devices, Inc. [AMD/ATI]'
    names.push(`${addressOf(index)} "VGA compatible controller" "${maker}" "${card.name}"`)
  })
  return [...lines, '@lspci', ...names].join('\n')
}

export function playDrm(host: SimulatedHost, gpuPower: GpuPowerProfile): string {
  const lines = [`uptime/sec:${host.uptimeSec().toFixed(2)}`]
  for (const [card, index] of only(gpuPower, 'amd')) {
    const at = (file: string, value: string | number): void =>
      void lines.push(`card${index}/${file}:${value}`)
    const busy = gpuBusy(host, gpuPower, index)
    at('@driver', 'amdgpu')
    at('@address', addressOf(index))
    at('device/vendor', '0x1002')
    at('device/device', '0x744c')
    at('device/unique_id', hex(host.seed + 3, 16))
    at('device/gpu_busy_percent', Math.round(busy * 100))
    at('device/mem_info_vram_total', card.memoryMib * MIB)
    at('device/mem_info_vram_used', usedMib(host, card, index) * MIB)
    at('device/hwmon/hwmon3/temp1_label', 'edge')
    at('device/hwmon/hwmon3/temp1_input', celsius(host, gpuPower, index) * 1_000)
    at('device/hwmon/hwmon3/power1_average', Math.round(gpuWatts(host, gpuPower, index) * 1e6))
    at('device/hwmon/hwmon3/power1_cap', card.limitWatts * 1e6)
    at('device/hwmon/hwmon3/pwm1', Math.round(40 + busy * 120))
    at('device/hwmon/hwmon3/pwm1_max', 255)
  }
  return lines.join('\n')
}

export function playAmdProcesses(host: SimulatedHost, gpuPower: GpuPowerProfile): string {
  const lines: string[] = []
  const names: string[] = []
  const owners: string[] = []
  for (const [card, index] of only(gpuPower, 'amd')) {
    const bus = Number.parseInt(addressOf(index).slice(5, 7), 16)
    lines.push(`node${index + 1}/gpu_id:${4_000 + index}`, `node${index + 1}/location_id:${bus << 8}`)
    lines.push(
      `node${index + 1}/domain:0`,
      `8123/vram_${4_000 + index}:${Math.round(usedMib(host, card, index) * 0.9) * MIB}`
    )
    names.push('8123 llama-server')
    owners.push('/proc/8123 ci')
  }
  return [...lines, '@names', ...names, '@owners', ...owners].join('\n')
}
