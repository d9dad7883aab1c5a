// What the lab consists of. Pure data: lab.mjs builds it, lab.ts hands it to tests.

/** The workstation's end of the lab's network. */
export const BRIDGE = { name: 'vhlab0', address: '10.77.0.1', prefix: 24 }

/**
 * `via`: the server is not on the bridge; its only link leads into that server (a jump host).
 * `denyReaders`: the read-only libvirt socket is closed to accounts outside the group libvirt.
 */
export const SERVERS = [
  { name: 'lab1', address: '10.77.0.11', libvirt: true, denyReaders: false, via: null },
  { name: 'lab2', address: '10.77.0.12', libvirt: true, denyReaders: true, via: null },
  { name: 'lab3', address: '10.77.1.13', libvirt: false, denyReaders: false, via: 'lab1' }
]

export const HIDDEN_NETWORK = '10.77.1.0/24'

/** The jump host's own address on the hidden network. */
export const HIDDEN_GATEWAY = { address: '10.77.1.1', prefix: 24 }

/**
 * `login`: which ways sshd lets the account in. `codes`: a second prompt for a one-time code (TOTP).
 * Every account but root has a password of its own, made new by each `up`.
 */
export const ACCOUNTS = [
  { user: 'root', shell: '/bin/bash', libvirt: true, login: ['key'], codes: false, noise: 'none' },
  { user: 'op', shell: '/bin/bash', libvirt: true, login: ['key', 'password'], codes: false, noise: 'none' },
  {
    user: 'op-dash',
    shell: '/bin/dash',
    libvirt: true,
    login: ['key', 'password'],
    codes: false,
    noise: 'none'
  },
  {
    user: 'op-ash',
    shell: '/etc/lab/ash',
    libvirt: true,
    login: ['key', 'password'],
    codes: false,
    noise: 'none'
  },
  {
    user: 'op-fish',
    shell: '/usr/bin/fish',
    libvirt: true,
    login: ['key', 'password'],
    codes: false,
    noise: 'none'
  },
  {
    user: 'op-tcsh',
    shell: '/bin/tcsh',
    libvirt: true,
    login: ['key', 'password'],
    codes: false,
    noise: 'none'
  },
  {
    user: 'op-zsh',
    shell: '/bin/zsh',
    libvirt: true,
    login: ['key', 'password'],
    codes: false,
    noise: 'none'
  },
  {
    user: 'op-noisy',
    shell: '/bin/bash',
    libvirt: true,
    login: ['key', 'password'],
    codes: false,
    noise: 'slow'
  },
  {
    user: 'plain',
    shell: '/bin/bash',
    libvirt: false,
    login: ['key', 'password'],
    codes: false,
    noise: 'none'
  },
  { user: 'op-kbd', shell: '/bin/bash', libvirt: true, login: ['keyboard'], codes: false, noise: 'none' },
  { user: 'op-code', shell: '/bin/bash', libvirt: true, login: ['keyboard'], codes: true, noise: 'none' }
]

/** Private keys of the workstation; `passphrase` protects the encrypted ones. All are let in by every account with `key`. */
export const CLIENT_KEYS = [
  { id: 'ed25519', type: 'ed25519', bits: null, encrypted: false, format: 'openssh' },
  { id: 'ed25519Encrypted', type: 'ed25519', bits: null, encrypted: true, format: 'openssh' },
  { id: 'ecdsa', type: 'ecdsa', bits: 256, encrypted: false, format: 'openssh' },
  { id: 'rsa', type: 'rsa', bits: 2048, encrypted: false, format: 'openssh' },
  { id: 'rsaEncryptedPem', type: 'rsa', bits: 2048, encrypted: true, format: 'pem' },
  // No account has this one: for logins that must be refused.
  { id: 'stranger', type: 'ed25519', bits: null, encrypted: false, format: 'openssh' }
]

export const HOST_KEY_TYPES = ['ed25519', 'ecdsa', 'rsa']

/**
 * `deaf`: ignores the power button. `stats`: reports balloon statistics. `start`: runs after `up`.
 * The names are ones that libvirt accepts and careless programs stumble over.
 */
const guest = (server, number, name, traits = {}) => ({
  server,
  uuid: `77000000-00${server.slice(-1).padStart(2, '0')}-4000-8000-${String(number).padStart(12, '0')}`,
  mac: `52:54:00:77:0${server.slice(-1)}:${String(number).padStart(2, '0')}`,
  name,
  start: true,
  deaf: false,
  stats: true,
  autostart: false,
  ...traits
})

export const GUESTS = [
  guest('lab1', 1, '$(id)', { autostart: true }),
  guest('lab1', 2, '-H'),
  guest('lab1', 3, '<b>x'),
  guest('lab1', 4, '12'),
  guest('lab1', 5, '虚拟机'),
  guest('lab1', 6, `;reboot "o'clock"`, { start: false }),
  guest('lab2', 1, 'web', { autostart: true }),
  guest('lab2', 2, 'deaf', { deaf: true, stats: false })
]

export const GUEST_MEMORY_MIB = 128
export const GUEST_DISK_MIB = 64
