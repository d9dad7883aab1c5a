/** Plays the scripts of the hardware lanes: what a demo server is made of, and how its disks are. */
import type { SimulatedHost } from '../host.ts'
import { interfaces, netDev } from '../lane-sampler.ts'
import { hash } from '../noise.ts'
import type { DiskProfile } from '../profiles.ts'
import type { ToolAnswer, ToolPlayer } from './player.ts'
import { isSolid, modelOf, serialOf } from './disk-names.ts'
import { playedSmart } from './smart.ts'

const SECTOR_BYTES = 512

export const playHardware: ToolPlayer = (host, script) => {
  if (script.includes('/sys/class/net/*') && script.includes('boot_id')) return said(parts(host))
  const [, device] = /smartctl --json -a -n standby \/dev\/([a-z0-9]+) /.exec(script) ?? []
  if (device !== undefined) return playedSmart(host, device)
  if (script.includes('command -v smartctl')) return said(list(host))
  return null
}

const said = (lines: readonly string[]): ToolAnswer => ({ stdout: `${lines.join('\n')}\n`, exitCode: 0 })

const packageTool = ({ profile }: SimulatedHost): string =>
  /Alpine/.test(profile.distribution) ? 'apk' : /Rocky/.test(profile.distribution) ? 'dnf' : 'apt-get'

/** Alpine's is the server on which smartctl was never installed. */
export const hasSmartctl = (host: SimulatedHost): boolean => packageTool(host) !== 'apk'

function list(host: SimulatedHost): string[] {
  return [
    ...host.profile.disks.map(({ name }) => `disk ${name}`),
    `packages ${packageTool(host)}`,
    ...(hasSmartctl(host) ? ['tool'] : [])
  ]
}

function parts(host: SimulatedHost): string[] {
  const { profile } = host
  return [
    `packages ${packageTool(host)}`,
    ...profile.disks.flatMap((disk) => diskLines(host, disk)),
    ...interfaces(host).flatMap((nic) => linkLines(host, nic)),
    `boot  ${bootId(host)}`,
    `uptime  ${host.uptimeSec().toFixed(2)} 0.00`,
    ...netDev(host)
      .split('\n')
      .map((line) => `dev ${line}`)
  ]
}

/** Another one after each boot. */
function bootId(host: SimulatedHost): string {
  const bootedAtSec = Math.round(Date.now() / 1_000 - host.uptimeSec())
  const hex = (at: number): string =>
    Math.floor(hash(host.seed + at, bootedAtSec) * 0xffffffff)
      .toString(16)
      .padStart(8, '0')
  const all = [1, 2, 3, 4].map(hex).join('')
  return [all.slice(0, 8), all.slice(8, 12), all.slice(12, 16), all.slice(16, 20), all.slice(20)].join('-')
}

function diskLines(host: SimulatedHost, disk: DiskProfile): string[] {
  const { name, sizeBytes } = disk
  const is = `disk ${name}`
  return [
    `${is} size ${Math.round(sizeBytes / SECTOR_BYTES)}`,
    `${is} rotational ${isSolid(disk) ? 0 : 1}`,
    `${is} removable 0`,
    `${is} scheduler ${name.startsWith('nvme') ? '[none] mq-deadline' : 'none [mq-deadline]'}`,
    ...(name.startsWith('sd') ? [`${is} vendor ATA     `] : []),
    `${is} model ${modelOf(disk)}`,
    `${is} serial ${serialOf(host, disk)}`
  ]
}

interface PlayedLink {
  readonly name: string
  readonly index: number
  readonly device: boolean
  readonly master: boolean
}

function linkLines(host: SimulatedHost, { name, index, device, master }: PlayedLink): string[] {
  const is = `link ${name}`
  const type = /^br\d/.test(name)
    ? 'bridge'
    : name.startsWith('bond')
      ? 'bond'
      : /^wlan/.test(name)
        ? 'wlan'
        : ''
  const [, number = 0] = /(\d+)/.exec(name) ?? []
  const mac = name === 'lo' ? '00:00:00:00:00:00' : macOf(host, index, device)
  const isPrimary = name === primaryOf(host)
  return [
    `${is} ifindex ${index}`,
    `${is} operstate ${name === 'lo' ? 'unknown' : 'up'}`,
    `${is} address ${mac}`,
    `${is} mtu ${name === 'lo' ? 65_536 : 1_500}`,
    ...(device && type !== 'wlan'
      ? [`${is} speed ${host.profile.threads > 12 ? 10_000 : 1_000}`, `${is} duplex full`]
      : []),
    ...(device ? [`${is} device 1`] : []),
    ...(master ? [`${is} master ${masterOf(host, name)}`] : []),
    ...(type === '' ? [] : [`${is} type ${type}`]),
    ...(name === 'lo' ? [addr(index, name, 'inet 127.0.0.1/8'), addr(index, name, 'inet6 ::1/128')] : []),
    ...(isPrimary
      ? [
          addr(index, name, `inet 10.4.0.${20 + (host.seed % 200)}/24`),
          addr(index, name, `inet6 fd00:4::${(20 + (host.seed % 200)).toString(16)}/64`)
        ]
      : []),
    ...(type === 'wlan' ? [addr(index, name, `inet 192.168.1.${10 + Number(number)}/24`)] : [])
  ]
}

const addr = (index: number, name: string, address: string): string =>
  `addr ${index}: ${name}    ${address} scope global ${name}\\       valid_lft forever preferred_lft forever`

/** The topmost interface has the address. */
function primaryOf({ profile }: SimulatedHost): string {
  const free = profile.nics.filter(({ hasMaster }) => hasMaster !== true)
  return (free.find(({ physical }) => !physical) ?? free[0])?.name ?? ''
}

function masterOf({ profile }: SimulatedHost, name: string): string {
  const nic = profile.nics.find((one) => one.name === name)
  const bond = profile.nics.find((one) => one.name.startsWith('bond'))
  return nic?.physical === true && bond !== undefined ? bond.name : 'br0'
}

function macOf(host: SimulatedHost, index: number, device: boolean): string {
  const byte = (at: number): string =>
    Math.floor(hash(host.seed + at, index) * 256)
      .toString(16)
      .padStart(2, '0')
  return [device ? '3c' : 'fe', device ? 'ec' : '54', device ? 'ef' : '00', byte(1), byte(2), byte(3)].join(
    ':'
  )
}
