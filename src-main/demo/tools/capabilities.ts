/** Plays sudo, and the firmware's tables that it lets be read. */
import type { SimulatedHost } from '../host.ts'
import type { HostProfile } from '../profiles.ts'
import type { ToolAnswer, ToolPlayer } from './player.ts'
import { composeTables, type ComposedStructure, hexDump, memoryDevice, system } from './smbios.ts'

const GIB = 2 ** 30
const MIB = 2 ** 20

export const playCapabilities: ToolPlayer = (host, script) => {
  if (script.includes('sudo -n true')) return said(sudoTrial(host, script))
  if (script.includes('/sys/firmware/dmi/tables/DMI')) return firmware(host, script)
  return null
}

const said = (stdout: string): ToolAnswer => ({ stdout, exitCode: 0 })

/** Everything is allowed where the operator has switched it on; elsewhere each program is found and none may be run. */
function sudoTrial({ profile }: SimulatedHost, script: string): string {
  const asked = [...script.matchAll(/^try (\d+) '([\w.-]+)'/gm)]
  const found = asked.map(([, index = '', program = '']) => `found ${index} /usr/bin/${program}`)
  return ['sudo', ...(profile.allowsSudo === true ? ['all'] : []), ...found].join('\n')
}

function firmware({ profile }: SimulatedHost, script: string): ToolAnswer {
  if (profile.vendor === '') return { stdout: '', exitCode: 3 }
  if (!script.includes('sudo -n cat')) return { stdout: '', exitCode: 4 }
  if (profile.allowsSudo !== true) return said('')
  return said(
    hexDump(composeTables([system(profile.vendor, profile.product, serialOf(profile)), ...modules(profile)]))
  )
}

/** Made of the host's name, so that it stays the same. */
const serialOf = ({ hostName }: HostProfile): string =>
  Buffer.from(hostName).toString('hex').toUpperCase().slice(0, 11)

function modules({ memoryBytes, sockets }: HostProfile): ComposedStructure[] {
  const count = 4 * sockets
  const sizeMib = Math.round(memoryBytes / count / MIB)
  const type = memoryBytes / count >= 32 * GIB ? 0x22 : 0x1a
  return Array.from({ length: 2 * count }, (_unused, at) =>
    memoryDevice({
      slot: `P${1 + Math.floor(at / 8)}-DIMM${String.fromCharCode(65 + (at % 8))}1`,
      sizeMib: at % 2 === 0 ? sizeMib : 0,
      type,
      speed: type === 0x22 ? 4800 : 3200,
      maker: 'Samsung',
      part: type === 0x22 ? 'M321R8GA0BB0-CQKZJ' : 'M393A4K40DB3-CWE'
    })
  )
}
