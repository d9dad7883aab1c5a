/** What listens on a demo server and where it stands in its network, as the scripts of ports print them. */
import type { SimulatedHost } from '../host.ts'
import { vncPortOf } from '../consoles/index.ts'
import type { ToolPlayer } from './player.ts'

interface DemoListener {
  readonly protocol: 'tcp' | 'tcp6' | 'udp' | 'udp6'
  readonly address: string
  readonly port: number
  readonly uid: number
  readonly process: string
  readonly unit: string | null
}

const ANY = '0.0.0.0'
const LOOPBACK = '127.0.0.1'
const USERS = [
  'root 0',
  'chrony 107',
  'systemd-resolve 991',
  'postgres 120',
  'prometheus 113',
  'nginx 33',
  'libvirt-qemu 64055',
  'demo 1000'
]

/** In the order of the kernel's tables. */
export function demoListeners(host: SimulatedHost): DemoListener[] {
  const service = (port: number, process: string, change: Partial<DemoListener> = {}): DemoListener => ({
    protocol: 'tcp',
    address: ANY,
    port,
    uid: 0,
    process,
    unit: `${process}.service`,
    ...change
  })
  const role = host.profile.tags
  return [
    service(22, 'sshd', { unit: 'ssh.service' }),
    service(22, 'sshd', { protocol: 'tcp6', address: '::', unit: 'ssh.service' }),
    service(53, 'systemd-resolve', { address: '127.0.0.53', uid: 991, unit: 'systemd-resolved.service' }),
    service(9100, 'node_exporter', {
      protocol: 'tcp6',
      address: '::',
      uid: 113,
      unit: 'prometheus-node-exporter.service'
    }),
    service(323, 'chronyd', { protocol: 'udp', address: LOOPBACK, uid: 107, unit: 'chrony.service' }),
    ...(host.libvirt === null ? [] : [service(16_509, 'libvirtd', { address: '10.4.0.7' })]),
    ...host.domains
      .filter(({ id }) => id !== null)
      .map((domain) =>
        service(vncPortOf(host, domain), 'qemu-system-x86', { address: LOOPBACK, uid: 64_055, unit: null })
      ),
    ...(role.includes('gpu')
      ? [service(8888, 'jupyter-lab', { uid: 1000 }), service(11_434, 'ollama', { uid: 1000 })]
      : []),
    ...(role.includes('storage')
      ? [service(2049, '', { unit: null }), service(445, 'smbd'), service(3260, '', { unit: null })]
      : []),
    ...(role.includes('ci') || role.includes('build')
      ? [
          service(80, 'nginx', { uid: 33 }),
          service(5432, 'postgres', { address: LOOPBACK, uid: 120, unit: 'postgresql.service' })
        ]
      : []),
    // Answers to questions of its own: gone in a moment, and another one each time.
    service(40_000 + (Math.floor(Date.now() / 60_000) % 9_000), 'systemd-timesyn', {
      protocol: 'udp',
      uid: 991,
      unit: null
    })
  ]
}

/** Whether something takes a connection to this address of the server itself. */
export const answersInside = (host: SimulatedHost, port: number): boolean =>
  demoListeners(host).some(
    (one) => one.protocol.startsWith('tcp') && one.port === port && one.address !== '10.4.0.7'
  )

/** Every second one lets its login see all processes; the others show the units alone. */
const seesAll = (host: SimulatedHost): boolean => host.seed % 2 === 0

export const playPorts: ToolPlayer = (host, script) => {
  if (script.includes('echo tables')) return { stdout: listeningText(host), exitCode: 0 }
  if (script.includes('/proc/net/fib_trie')) return { stdout: lanText(host), exitCode: 0 }
  return null
}

function listeningText(host: SimulatedHost): string {
  const lines = ['tables']
  const listeners = demoListeners(host)
  listeners.forEach(({ protocol, address, port, uid }, index) => {
    const state = protocol.startsWith('tcp') ? '0A' : '07'
    const zero = '0'.repeat(protocol.endsWith('6') ? 32 : 8)
    const local = `${hexOf(address)}:${port.toString(16).toUpperCase().padStart(4, '0')}`
    lines.push(
      `${protocol} ${index}: ${local} ${zero}:0000 ${state} 00000000:00000000 00:00000000 00000000 ${uid} 0 ${inodeOf(index)} 1`
    )
  })
  lines.push('ports 32768 60999', ...USERS.map((user) => `user ${user}`))
  lines.push(seesAll(host) ? 'seen root' : 'seen own')
  listeners.forEach(({ process, unit, uid }, index) => {
    const inode = inodeOf(index)
    if (process !== '' && (seesAll(host) || uid === 1000))
      lines.push(`comm ${700 + index * 13} ${process}`, `fd ${700 + index * 13} ${inode}`)
    if (unit !== null) lines.push(`unit ${inode} /system.slice/${unit}`)
  })
  return `${lines.join('\n')}\n`
}

const inodeOf = (index: number): number => 21_000 + index

/** As the kernel writes it: 32 bits at a time, little-endian. */
function hexOf(address: string): string {
  if (address === '::') return '0'.repeat(32)
  return address
    .split('.')
    .reverse()
    .map((part) => Number(part).toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase()
}

function lanText(host: SimulatedHost): string {
  const nics = host.profile.nics.filter(({ physical }) => physical)
  const last = (host.seed % 200) + 10
  const lines = nics.flatMap(({ name }, index) => [
    `nic ${name} 1 52:54:00:de:${(host.seed % 256).toString(16).padStart(2, '0')}:0${index + 1} disabled`,
    `wol ${name} pumbg -`,
    `wol ${name} - ${index === 0 ? 'g' : 'd'}`
  ])
  const [first] = nics
  if (first !== undefined)
    lines.push(
      `route ${first.name} 00000000 0100040A 00000000`,
      `route ${first.name} 0000040A 00000000 00FFFFFF`
    )
  return `${[...lines, `local 10.4.0.${last}`].join('\n')}\n`
}
