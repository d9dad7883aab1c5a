/** Facts of a server that do not change while a connection lasts. All texts are remote: hostile, shown as text only. */
import { clean, filledIn, firstLine } from './fact-text.ts'
import { parseCounter, words } from './numbers.ts'
import { parseSystemFacts, type SystemFacts } from './system-facts.ts'

export interface HostFacts extends SystemFacts {
  readonly hostName: string | null
  readonly distribution: string | null
  readonly osName: string | null
  readonly kernelRelease: string | null
  readonly architecture: string | null
  readonly bits: 32 | 64 | null
  readonly cpuModel: string | null
  readonly cpuSockets: number | null
  readonly cpuCores: number | null
  readonly cpuThreads: number | null
  readonly memoryTotalBytes: number | null
  readonly virtualisation: string | null
  readonly boardModel: string | null
  readonly uptimeSec: number | null
  readonly loginShell: string | null
}

/** The texts of the facts request by name; see `remote/sampler/scripts.ts`. Each fact null when unreadable. */
export function parseHostFacts(texts: ReadonlyMap<string, string>): HostFacts {
  const line = (name: string): string | null => firstLine(texts.get(name))
  const osRelease = parseOsRelease(texts.get('os-release') ?? '')
  const cpu = parseCpuInfo(texts.get('cpuinfo') ?? '')
  const topology = parseTopology(texts.get('topology') ?? '')
  const architecture = line('machine')
  const board = boardModel(line('sys-vendor'), line('product-name'), line('device-tree'))
  return {
    hostName: line('hostname'),
    distribution: clean(osRelease.get('PRETTY_NAME')) ?? clean(osRelease.get('NAME')) ?? line('release-file'),
    osName: line('ostype'),
    kernelRelease: line('osrelease'),
    architecture,
    bits: architecture === null ? null : bitsOf(architecture),
    cpuModel: cpu.model ?? line('device-tree'),
    cpuSockets: topology?.sockets ?? cpu.sockets,
    cpuCores: topology?.cores ?? cpu.cores,
    cpuThreads: topology?.threads ?? cpu.threads,
    memoryTotalBytes: memoryTotal(texts.get('meminfo') ?? ''),
    virtualisation: virtualisation(line('detect-virt'), line('container'), board, cpu.hypervisor),
    boardModel: board,
    uptimeSec: uptime(line('uptime')),
    loginShell: line('login-shell'),
    ...parseSystemFacts(texts, architecture)
  }
}

/** os-release: shell assignments, quoted or not. */
function parseOsRelease(text: string): Map<string, string> {
  const values = new Map<string, string>()
  for (const line of text.split('\n', 100)) {
    const [, name, raw] = /^([A-Z_]{1,40})=(.*)$/.exec(line.trimEnd()) ?? []
    if (name === undefined || raw === undefined) continue
    const quoted = /^(["'])(.*)\1$/.exec(raw)?.[2]
    values.set(name, (quoted ?? raw).replace(/\\(["'$`\\])/g, '$1'))
  }
  return values
}

function bitsOf(architecture: string): 32 | 64 | null {
  if (/64|s390x|alpha|^e2k/.test(architecture)) return 64
  if (/^(?:i[3-6]86|arm|ppc|mips|s390|sparc|parisc|m68k)/.test(architecture)) return 32
  return null
}

interface CpuInfo {
  readonly model: string | null
  readonly sockets: number | null
  readonly cores: number | null
  readonly threads: number | null
  readonly hypervisor: boolean
}

/** The lines of /proc/cpuinfo that the script lets through; x86, ARM, POWER and s390 name things differently. */
function parseCpuInfo(text: string): CpuInfo {
  let model: string | null = null
  let threads = 0
  let hypervisor = false
  let socket = '0'
  const sockets = new Set<string>()
  const cores = new Set<string>()
  for (const line of text.split('\n', 50_000)) {
    const colon = line.indexOf(':')
    if (colon < 1) continue
    const name = line.slice(0, colon).trim()
    const value = line.slice(colon + 1).trim()
    if (name === 'processor') threads++
    else if (name === 'physical id') sockets.add((socket = value))
    else if (name === 'core id') cores.add(`${socket}/${value}`)
    else if (name === 'flags') hypervisor ||= value.split(' ').includes('hypervisor')
    else if (/^(?:model name|Model|cpu|Hardware|uarch)$/.test(name)) model ??= clean(value)
  }
  return {
    model,
    sockets: sockets.size > 0 ? sockets.size : null,
    cores: cores.size > 0 ? cores.size : null,
    threads: threads > 0 ? threads : null,
    hypervisor
  }
}

/** Lines `cpu SOCKET CORE` from /sys; a socket of -1 means that the board does not tell. */
function parseTopology(text: string): { sockets: number; cores: number; threads: number } | null {
  const sockets = new Set<string>()
  const cores = new Set<string>()
  let threads = 0
  for (const line of text.split('\n', 10_000)) {
    const [kind, socket, core] = words(line)
    if (kind !== 'cpu' || socket === undefined || parseCounter(core) === null) continue
    threads++
    sockets.add(socket)
    cores.add(`${socket}/${core}`)
  }
  return threads === 0 ? null : { sockets: sockets.size, cores: cores.size, threads }
}

function memoryTotal(text: string): number | null {
  const kib = parseCounter(/^MemTotal:\s+(\d+) kB/m.exec(text)?.[1])
  return kib === null ? null : kib * 1024
}

function uptime(line: string | null): number | null {
  const seconds = /^\d{1,12}(?:\.\d{1,9})?/.exec(line ?? '')?.[0]
  return seconds === undefined ? null : Number(seconds)
}

function boardModel(vendor: string | null, product: string | null, deviceTree: string | null): string | null {
  const known = [filledIn(vendor), filledIn(product)].filter((text) => text !== null)
  return clean(known.join(' ')) ?? deviceTree
}

const BOARDS: readonly (readonly [RegExp, string])[] = [
  [/\bKVM\b|\bRHEV\b|oVirt|OpenStack/i, 'kvm'],
  [/\bQEMU\b|Standard PC/i, 'qemu'],
  [/VMware/i, 'vmware'],
  [/VirtualBox|innotek/i, 'oracle'],
  [/Microsoft Corporation.*Virtual/i, 'microsoft'],
  [/\bXen\b|HVM domU/i, 'xen'],
  [/Amazon EC2/i, 'amazon'],
  [/Google Compute/i, 'google'],
  [/Parallels/i, 'parallels'],
  [/Alibaba Cloud|Bochs|Bhyve/i, 'kvm']
]

/** systemd-detect-virt's word when it is there, else a container's own word, else what the board is called. */
function virtualisation(
  detected: string | null,
  container: string | null,
  board: string | null,
  hypervisorFlag: boolean
): string | null {
  if (detected !== null && /^[a-z0-9-]{1,40}$/.test(detected)) return detected
  if (container !== null) return container
  const known = BOARDS.find(([pattern]) => board !== null && pattern.test(board))?.[1]
  if (known !== undefined) return known
  if (hypervisorFlag) return 'vm-other'
  return board === null ? null : 'none'
}
