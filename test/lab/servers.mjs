// The folder of each server: its private /etc, /home, … with keys, accounts and configuration.
import { randomBytes, randomUUID } from 'node:crypto'
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import { ACCOUNTS, CLIENT_KEYS, GUEST_DISK_MIB, GUESTS, HOST_KEY_TYPES } from './plan.mjs'
import { LAB_FOLDER, run } from './machine.mjs'
import { domainXml } from './guests.mjs'

/** Keys of the workstation: id → {privateKey, publicKey, passphrase}. */
export async function makeClientKeys(folder) {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const entries = CLIENT_KEYS.map(async (key) => {
    const privateKey = join(folder, `id_${key.id}`)
    const passphrase = key.encrypted ? randomBytes(12).toString('base64url') : ''
    await run([
      'ssh-keygen',
      '-q',
      '-t',
      key.type,
      ...(key.bits ? ['-b', String(key.bits)] : []),
      ...(key.format === 'pem' ? ['-m', 'PEM'] : []),
      '-N',
      passphrase,
      '-C',
      `lab-${key.id}`,
      '-f',
      privateKey
    ])
    const publicKey = readFileSync(`${privateKey}.pub`, 'utf8').trim()
    return [key.id, { privateKey, publicKey, passphrase: passphrase || null }]
  })
  return Object.fromEntries(await Promise.all(entries))
}

/** Accounts with passwords made for this run; `totpSecret` (base32) where a one-time code is asked for. */
export function makeAccounts() {
  return ACCOUNTS.map((account) => ({
    ...account,
    password: account.login.includes('key') && account.user === 'root' ? null : newPassword(account.user),
    totpSecret: account.codes ? base32(randomBytes(16)) : null
  }))
}

/** One of them has the characters that quoting breaks on. */
const newPassword = (user) => randomBytes(9).toString('base64url') + (user === 'op-kbd' ? ` "$(id)'\\ü` : '')

function base32(bytes) {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  return (bits.match(/.{5}/g) ?? []).map((five) => alphabet[parseInt(five, 2)]).join('')
}

/** Makes the folder of one server. Resolves what is to be recorded of it. */
export async function prepareServer(server, { accounts, keys, kvm }) {
  const folder = join(LAB_FOLDER, server.name)
  for (const name of [
    'home',
    'run',
    'var-log',
    'var-lib-libvirt/images',
    'var-cache-libvirt',
    'var-lib-swtpm-localca',
    'folder-cover'
  ])
    mkdirSync(join(folder, name), { recursive: true })
  for (const name of ['root', 'tmp', 'var-tmp']) mkdirSync(join(folder, name), { recursive: true })
  await run(
    [
      'bash',
      '-c',
      'chmod 700 root && chmod 1777 tmp var-tmp && mkdir -p var-log/libvirt/qemu var-log/swtpm/libvirt/qemu'
    ],
    {
      cwd: folder
    }
  )
  await run(['cp', '-a', '/etc', join(folder, 'etc')])
  const lab = join(folder, 'etc/lab')
  mkdirSync(lab)
  writeEtc(server, join(folder, 'etc'))
  writeAccounts(lab, accounts, keys)
  const hostKeys = await makeHostKeys(lab)
  writeSshd(lab, join(folder, 'etc/pam.d/sshd'), accounts)
  const guests = server.libvirt ? await prepareLibvirt(server, folder, kvm) : []
  return {
    ...server,
    port: 22,
    hostName: server.name,
    folder,
    sshdLog: join(folder, 'var-log/sshd.log'),
    hostKeys,
    guests
  }
}

function writeEtc(server, etc) {
  writeFileSync(join(etc, 'hostname'), `${server.name}\n`)
  writeFileSync(join(etc, 'hosts'), `127.0.0.1 localhost\n::1 localhost\n${server.address} ${server.name}\n`)
  writeFileSync(join(etc, 'machine-id'), `${randomUUID().replaceAll('-', '')}\n`)
}

function writeAccounts(lab, accounts, keys) {
  symlinkSync('/bin/busybox', join(lab, 'ash'))
  const letIn = Object.entries(keys)
    .filter(([id]) => id !== 'stranger')
    .map(([, key]) => key.publicKey)
  writeFileSync(join(lab, 'authorized_keys'), `${letIn.join('\n')}\n`)
  const rows = accounts.map(
    ({ user, shell, libvirt }) =>
      `${user}:${shell}:${libvirt && existsSync('/usr/sbin/libvirtd') ? 'libvirt' : ''}`
  )
  writeFileSync(join(lab, 'accounts'), `${rows.join('\n')}\n`)
  const passwords = accounts
    .filter((account) => account.password)
    .map(({ user, password }) => `${user}:${password}`)
  writeFileSync(join(lab, 'passwords'), `${passwords.join('\n')}\n`, { mode: 0o600 })
  // bash reads ~/.bashrc for commands that come by ssh; the text looks like an answer, and the wait is a real one.
  writeFileSync(
    join(lab, 'noisy-bashrc'),
    'echo "Welcome to a noisy server"\nprintf "no newline at the end"\necho "a warning" >&2\nsleep 2\n'
  )
  const secret = accounts.find((account) => account.codes).totpSecret
  writeFileSync(join(lab, 'google_authenticator'), `${secret}\n" WINDOW_SIZE 17\n" TOTP_AUTH\n`, {
    mode: 0o600
  })
}

async function makeHostKeys(lab) {
  return Promise.all(
    HOST_KEY_TYPES.map(async (type) => {
      const file = join(lab, `ssh_host_${type}_key`)
      await run([
        'ssh-keygen',
        '-q',
        '-t',
        type,
        ...(type === 'rsa' ? ['-b', '2048'] : []),
        '-N',
        '',
        '-C',
        '',
        '-f',
        file
      ])
      const { stdout } = await run(['ssh-keygen', '-l', '-f', `${file}.pub`])
      const [algorithm = '', keyBase64 = ''] = readFileSync(`${file}.pub`, 'utf8').trim().split(' ')
      return { type: algorithm, fingerprint: stdout.split(' ')[1], keyBase64 }
    })
  )
}

function writeSshd(lab, pamFile, accounts) {
  const keyboard = accounts
    .filter((account) => account.login.includes('keyboard'))
    .map((account) => account.user)
  writeFileSync(
    join(lab, 'sshd_config'),
    `Port 22
${HOST_KEY_TYPES.map((type) => `HostKey /etc/lab/ssh_host_${type}_key`).join('\n')}
LogLevel VERBOSE
UsePAM yes
PasswordAuthentication yes
KbdInteractiveAuthentication yes
PermitRootLogin prohibit-password
UseDNS no
PrintMotd no
AllowTcpForwarding yes
Match User ${keyboard.join(',')}
  AuthenticationMethods keyboard-interactive
`
  )
  writeFileSync(
    pamFile,
    `auth requisite pam_unix.so
auth [success=1 default=ignore] pam_succeed_if.so quiet user != op-code
auth requisite pam_google_authenticator.so
auth required pam_permit.so
account required pam_unix.so
session required pam_unix.so
session required pam_env.so
`
  )
}

async function prepareLibvirt(server, folder, kvm) {
  const etc = join(folder, 'etc/libvirt')
  appendFileSync(
    join(etc, 'libvirtd.conf'),
    `\nhost_uuid = "${randomUUID()}"\nunix_sock_group = "libvirt"\nunix_sock_ro_perms = "${server.denyReaders ? '0770' : '0777'}"
unix_sock_rw_perms = "0770"\nauth_unix_ro = "none"\nauth_unix_rw = "none"\n`
  )
  // No service manager gives these processes a user, cgroups or a device namespace of their own.
  appendFileSync(
    join(etc, 'qemu.conf'),
    '\nsecurity_driver = "none"\nuser = "root"\ngroup = "root"\nnamespaces = []\ncgroup_controllers = []\nremember_owner = 0\n'
  )
  const images = join(folder, 'var-lib-libvirt/images')
  for (const name of ['guest-kernel', 'guest-initrd'])
    copyFileSync(join(LAB_FOLDER, name), join(images, name))
  const definitions = join(folder, 'etc/lab/guests')
  mkdirSync(definitions)
  const guests = GUESTS.filter((guest) => guest.server === server.name)
  for (const guest of guests) {
    const disk = `/var/lib/libvirt/images/${guest.uuid}.qcow2`
    await run([
      'qemu-img',
      'create',
      '-q',
      '-f',
      'qcow2',
      join(images, `${guest.uuid}.qcow2`),
      `${GUEST_DISK_MIB}M`
    ])
    writeFileSync(
      join(definitions, `${guest.uuid}.xml`),
      domainXml(guest, {
        kvm,
        kernel: '/var/lib/libvirt/images/guest-kernel',
        initrd: '/var/lib/libvirt/images/guest-initrd',
        disk,
        serialLog: `/var/log/libvirt/qemu/${guest.uuid}-serial.log`
      })
    )
  }
  const uuids = (which) =>
    guests
      .filter(which)
      .map((guest) => `${guest.uuid}\n`)
      .join('')
  writeFileSync(
    join(definitions, 'autostart'),
    uuids((guest) => guest.autostart)
  )
  writeFileSync(
    join(definitions, 'start'),
    uuids((guest) => guest.start)
  )
  return guests.map((guest) => ({
    ...guest,
    serialLog: join(folder, `var-log/libvirt/qemu/${guest.uuid}-serial.log`)
  }))
}
