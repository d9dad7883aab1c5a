/** Asks a server about its sensors, its power and its graphics cards, over the shell of the tools. */
import type {
  GpuProbe,
  GpuPowerProbes,
  NvidiaListener,
  PowerProbe,
  ProbeContext,
  SensorProbe
} from '../../application/gpu-power/probes.ts'
import { parseDcmi } from '../../domain/gpu-power/dcmi.ts'
import { batteries, powerMeters } from '../../domain/gpu-power/power-meters.ts'
import { raplZones } from '../../domain/gpu-power/rapl.ts'
import { parseSensors } from '../../domain/gpu-power/sensors.ts'
import { oneLine, parseParts, parseSysfs, type SysfsDevice } from '../../domain/gpu-power/sysfs.ts'
import { drmCards, parseLspci, type GpuVendor } from '../../domain/gpu/drm-cards.ts'
import {
  parseComputeApps,
  parseKfd,
  parseOwners,
  parsePmon,
  type GpuProcess
} from '../../domain/gpu/gpu-processes.ts'
import { cudaVersion, parseMigDevices } from '../../domain/gpu/nvidia-list.ts'
import { parseNvidiaCard, unknownField, type NvidiaField } from '../../domain/gpu/nvidia-query.ts'
import { nvidiaTrouble, type NvidiaTrouble } from '../../domain/gpu/nvidia-trouble.ts'
import * as scripts from './scripts.ts'

/** Reading /sys takes milliseconds; meters behind a slow bus take up to a second each. */
const SYSFS_DEADLINE_MS = 15_000
const IPMI_DEADLINE_MS = 25_000
/** Without persistence mode each nvidia-smi loads the driver first, card by card. */
const NVIDIA_DEADLINE_MS = 30_000
const END_DEADLINE_MS = 5_000
/** Messages that are kept to tell what is wrong. */
const MAX_MESSAGES = 20

/** @param root '' but in tests, where it is a folder that holds `sys` and `proc` */
export function createGpuPowerProbes(root = ''): GpuPowerProbes {
  return {
    sensors: ({ tools }): SensorProbe => ({
      async read(turned, signal) {
        const { stdout } = await tools.run(scripts.sensorsScript(root), {
          signal,
          deadlineMs: SYSFS_DEADLINE_MS
        })
        return parseSensors(stdout, turned)
      }
    }),
    power: (context) => powerProbe(context, root),
    gpu: (context) => gpuProbe(context, root)
  }
}

function powerProbe({ tools, sudo }: ProbeContext, root: string): PowerProbe {
  return {
    async read(signal) {
      const { stdout } = await tools.run(scripts.powerScript(sudo(), root), {
        signal,
        deadlineMs: SYSFS_DEADLINE_MS
      })
      const parts = parseParts(stdout)
      const part = (name: string): Map<string, SysfsDevice> => parseSysfs(parts.get(name) ?? '')
      const powercap = part('rapl')
      return {
        uptimeSec: uptimeOf(part('')),
        rapl: raplZones(powercap),
        hasRapl: powercap.size > 0,
        meters: powerMeters(part('hwmon')),
        batteries: batteries(part('supply'))
      }
    },
    async readIpmi(signal) {
      const { stdout } = await tools.run(scripts.ipmiScript(sudo(), root), {
        signal,
        deadlineMs: IPMI_DEADLINE_MS
      })
      return parseDcmi(stdout)
    }
  }
}

function uptimeOf(devices: ReadonlyMap<string, SysfsDevice>): number | null {
  const text = devices.get('uptime')?.get('sec') ?? ''
  return /^\d{1,10}(\.\d{1,3})?$/.test(text) ? Number(text) : null
}

const PCI_VENDORS: ReadonlyMap<string, GpuVendor> = new Map([
  ['0x10de', 'nvidia'],
  ['0x1002', 'amd'],
  ['0x8086', 'intel']
])

function gpuProbe({ tools }: ProbeContext, root: string): GpuProbe {
  const run = async (script: string, signal: AbortSignal, deadlineMs: number): Promise<Map<string, string>> =>
    parseParts((await tools.run(script, { signal, deadlineMs })).stdout)
  return {
    async survey(signal) {
      const parts = await run(scripts.gpuSurveyScript(root), signal, SYSFS_DEADLINE_MS)
      const lines = (parts.get('') ?? '').split('\n')
      const vendors = lines.flatMap(
        (line) => PCI_VENDORS.get(/^pci\/\S+:(0x[0-9a-f]{4})$/.exec(line)?.[1] ?? '') ?? []
      )
      return {
        hasNvidiaSmi: lines.includes('nvidia-smi/there:1'),
        onBus: [...new Set(vendors)],
        names: parseLspci(parts.get('lspci') ?? '')
      }
    },
    async readDrm(signal) {
      const devices = parseSysfs(
        (await run(scripts.drmScript(root), signal, SYSFS_DEADLINE_MS)).get('') ?? ''
      )
      return { uptimeSec: uptimeOf(devices), cards: drmCards(devices) }
    },
    followNvidia: (listener, signal) => followNvidia(tools, listener, signal),
    async readNvidiaList(signal) {
      const parts = await run(scripts.NVIDIA_LIST_SCRIPT, signal, NVIDIA_DEADLINE_MS)
      const table = parts.get('table') ?? ''
      return { cudaVersion: cudaVersion(table), slices: parseMigDevices(parts.get('') ?? '', table) }
    },
    async readProcesses(vendors, signal) {
      const nvidia = vendors.has('nvidia')
        ? nvidiaProcesses(await run(scripts.NVIDIA_PROCESSES_SCRIPT, signal, NVIDIA_DEADLINE_MS))
        : []
      const amd = vendors.has('amd')
        ? amdProcesses(await run(scripts.amdProcessesScript(root), signal, SYSFS_DEADLINE_MS))
        : []
      return [...nvidia, ...amd]
    },
    async endNvidia(pid, signal) {
      const { stdout } = await tools.run(scripts.endNvidiaScript(pid), {
        signal,
        deadlineMs: END_DEADLINE_MS
      })
      return stdout.includes('gone')
    }
  }
}

/** Asks again without a field that an old driver does not know. */
async function followNvidia(
  tools: ProbeContext['tools'],
  { onStarted, onCard }: NvidiaListener,
  signal: AbortSignal
): Promise<NvidiaTrouble | null> {
  let fields: readonly NvidiaField[] = scripts.ALL_FIELDS
  for (;;) {
    const messages: string[] = []
    let refused: NvidiaField | null = null
    const asked = fields
    const exitCode = await tools.follow(
      scripts.nvidiaFollowScript(asked),
      (line) => {
        const [, pid] = /^@pid (\d{1,10})$/.exec(line) ?? []
        if (pid !== undefined) {
          onStarted(Number(pid))
          return
        }
        const card = parseNvidiaCard(line, asked)
        if (card !== null) onCard(card)
        refused ??= unknownField(line)
        if (card === null && messages.length < MAX_MESSAGES) messages.push(oneLine(line, 300))
      },
      signal
    )
    const unknown = refused as NvidiaField | null
    if (unknown === null || !fields.includes(unknown))
      return nvidiaTrouble(messages) ?? (exitCode === 127 ? { kind: 'toolMissing' } : null)
    fields = fields.filter((field) => field !== unknown)
  }
}

function nvidiaProcesses(parts: ReadonlyMap<string, string>): GpuProcess[] {
  const owners = parseOwners(parts.get('owners') ?? '')
  return [...parseComputeApps(parts.get('apps') ?? '', owners), ...parsePmon(parts.get('pmon') ?? '', owners)]
}

function amdProcesses(parts: ReadonlyMap<string, string>): GpuProcess[] {
  const names = new Map<number, string>()
  for (const line of (parts.get('names') ?? '').split('\n')) {
    const [, pid, name] = /^(\d{1,10}) (.{1,64})$/.exec(line) ?? []
    if (pid !== undefined && name !== undefined) names.set(Number(pid), name)
  }
  return parseKfd(parts.get('') ?? '', names, parseOwners(parts.get('owners') ?? ''))
}
