/** What the guests of a demo server say about themselves. */
import type { DemoDomain, DemoHost } from '../model.ts'
import { hash } from '../noise.ts'
import { failed, printed, type VirshOutput } from '../virsh-answers.ts'
import type { VirshAnswers, VirshCall } from './one-shot.ts'

/** The mark of `remote/libvirt/guest-asker.ts` between its two questions, which come as one script. */
const MARK = 'virthelm-guestinfo'

const numberOf = ({ uuid }: DemoDomain): number => parseInt(uuid.slice(0, 4), 16)

function addressLines(domain: DemoDomain, source: string): string {
  const [nic] = domain.interfaces
  if (nic === undefined) return ''
  const last = 10 + (numberOf(domain) % 230)
  const device = source === 'agent' ? 'eth0' : (nic.target ?? 'vnet0')
  const lines = [` ${device}  ${nic.mac}  ipv4  10.40.${numberOf(domain) % 8}.${last}/24`]
  const tail = `${nic.mac.slice(9, 11)}:${nic.mac.slice(12).replace(':', '')}`
  if (source === 'agent') lines.push(` eth0  ${nic.mac}  ipv6  fe80::5054:ff:fe${tail}/64`)
  return `${lines.join('\n')}\n`
}

function guestInfo(domain: DemoDomain): string {
  const disk = domain.disks[0]
  const total = disk?.capacityBytes ?? 0
  const used = Math.round(total * (0.2 + 0.6 * hash(numberOf(domain), 3)))
  const lines = [
    ['user.count', '1'],
    ['user.0.name', 'ops'],
    ['user.0.login-time', String(Date.now() - 5_400_000)],
    ['os.id', 'debian'],
    ['os.pretty-name', 'Debian GNU/Linux 12 (bookworm)'],
    ['os.kernel-release', '6.1.0-37-cloud-amd64'],
    ['timezone.name', 'UTC'],
    ['hostname', `${domain.name}.internal`],
    ['fs.count', '2'],
    ['fs.0.name', 'vda1'],
    ['fs.0.mountpoint', '/'],
    ['fs.0.fstype', 'ext4'],
    ['fs.0.total-bytes', String(total - 536_870_912)],
    ['fs.0.used-bytes', String(used)],
    ['fs.1.name', 'vda15'],
    ['fs.1.mountpoint', '/boot/efi'],
    ['fs.1.fstype', 'vfat'],
    ['fs.1.total-bytes', '129718272'],
    ['fs.1.used-bytes', '6121472']
  ]
  return `${lines.map(([key, value]) => `${key?.padEnd(20) ?? ''}: ${value ?? ''}`).join('\n')}\n`
}

function addresses(host: DemoHost, { words }: VirshCall): VirshOutput {
  const domain = host.domains.find(({ uuid }) => words.includes(uuid))
  const source = words[words.indexOf('--source') + 1] ?? ''
  if (domain === undefined || domain.id === null)
    return failed('Requested operation is not valid: domain is not running')
  if (source === 'agent') return printed(`${addressLines(domain, source)}${MARK}\n${guestInfo(domain)}`)
  // On a bridge of the server nobody but the server's own neighbours knows addresses.
  return printed(source === 'arp' ? addressLines(domain, source) : '\n')
}

export const guestAnswers: VirshAnswers = {
  domifaddr: addresses,
  'guest-agent-timeout': () => printed('\n')
}
