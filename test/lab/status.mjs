// `status`: asks every part whether it is there.
import { readFileSync, existsSync } from 'node:fs'
import { inNamespaces, isAlive, readState, run } from './machine.mjs'

/**
 * Resolves {up, serversUp, servers: [{name, address, alive, sshd, libvirt, guests}]}. `serversUp`: all servers answer;
 * `up`: and all guests run that `up` starts.
 */
export async function readStatus() {
  const state = readState()
  if (state === null || state.servers.length === 0)
    return { up: false, serversUp: false, kvm: null, servers: [] }
  const servers = await Promise.all(state.servers.map(statusOf))
  const serversUp = state.complete === true && servers.every((server) => server.up)
  const guestsUp = servers.every((server) => server.guests.every((guest) => guest.running || !guest.wanted))
  return { up: serversUp && guestsUp, serversUp, kvm: state.kvm, servers }
}

async function statusOf(server) {
  const { name, address, via } = server
  const alive = isAlive(server.init)
  const ready = alive && existsSync(`${server.folder}/run/lab-ready`)
  const sshd = ready && (await greets(server))
  const running = ready && server.libvirt ? await runningGuests(server) : null
  const guests = server.guests.map((guest) => ({
    name: guest.name,
    uuid: guest.uuid,
    wanted: guest.start,
    running: running?.includes(guest.uuid) ?? false
  }))
  const up = sshd && (!server.libvirt || running !== null)
  return {
    name,
    address,
    via,
    alive,
    sshd,
    libvirt: server.libvirt ? running !== null : null,
    guests,
    up
  }
}

/** The first bytes of sshd, asked for from inside: also for the server that no one else can reach. */
async function greets(server) {
  const ask = 'exec 3<>/dev/tcp/127.0.0.1/22 && read -r -t 3 line <&3 && printf %s "$line"'
  const { stdout } = await run(inNamespaces(server, ['bash', '-c', ask]), { check: false, timeoutMs: 5_000 })
  return stdout.startsWith('SSH-2.0-')
}

/** UUIDs of running guests, or null when libvirtd does not answer. */
async function runningGuests(server) {
  const { code, stdout } = await run(
    inNamespaces(server, ['virsh', '-r', 'list', '--uuid', '--state-running']),
    {
      check: false,
      timeoutMs: 5_000
    }
  )
  return code === 0 ? stdout.split('\n').filter(Boolean) : null
}

const word = (value) => (value === null ? '-' : value ? 'yes' : 'NO')

/** The status as a table. */
export function statusTable(status) {
  if (status.servers.length === 0) return 'The lab is down.'
  const rows = [
    ['server', 'address', 'by way of', 'runs', 'sshd', 'libvirt', 'guests running'],
    ...status.servers.map((server) => [
      server.name,
      server.address,
      server.via ?? 'bridge',
      word(server.alive),
      word(server.sshd),
      word(server.libvirt),
      server.libvirt === null
        ? '-'
        : `${server.guests.filter((guest) => guest.running).length} of ${server.guests.length}`
    ])
  ]
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd()
  )
  return [...lines, status.up ? 'The lab is up.' : 'The lab is NOT all up.'].join('\n')
}

/** Why this machine cannot carry the lab, or null. */
export function whyNotHere() {
  if (process.platform !== 'linux')
    return 'The lab needs Linux (Debian or Ubuntu): it is made of network namespaces.'
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : ''
  if (!/^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(release))
    return 'The lab is made for Debian and Ubuntu; this is another system.'
  if (process.getuid() !== 0)
    return 'The lab needs root: it makes network namespaces and starts sshd and libvirtd. Try: sudo npm run lab -- up'
  return null
}

const COMMANDS = [
  'ip',
  'unshare',
  'nsenter',
  'sshd',
  'ssh-keygen',
  'libvirtd',
  'virtlogd',
  'virsh',
  'qemu-img',
  'qemu-system-x86_64',
  'dnsmasq',
  'iptables',
  'busybox',
  'cpio',
  'useradd',
  'chpasswd',
  'fish',
  'tcsh',
  'zsh',
  'dash'
]

/** Commands of packages.txt that are missing here. */
export function missingCommands() {
  const folders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']
  const missing = COMMANDS.filter((command) => !folders.some((folder) => existsSync(`${folder}/${command}`)))
  const pam = ['x86_64-linux-gnu', 'aarch64-linux-gnu', '.'].some((triplet) =>
    ['/usr/lib', '/lib'].some((lib) => existsSync(`${lib}/${triplet}/security/pam_google_authenticator.so`))
  )
  return pam ? missing : [...missing, 'pam_google_authenticator']
}
