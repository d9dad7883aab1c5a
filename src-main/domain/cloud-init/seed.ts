/** The three files of a cloud-init NoCloud seed. Pure; the password comes as its hash. */

export interface SeedUser {
  readonly name: string
  /** crypt(3) form; null = no login by password. */
  readonly passwordHash: string | null
  readonly sshKeys: readonly string[]
}

export type SeedNetwork =
  | { readonly kind: 'automatic' }
  | {
      readonly kind: 'static'
      /** With its prefix length: 192.0.2.5/24. */
      readonly address: string
      readonly gateway: string | null
      readonly nameServers: readonly string[]
    }

export interface SeedParts {
  readonly instanceId: string
  readonly hostName: string
  readonly mac: string
  /** The operator's own text as it is, or a user to be made. */
  readonly user: SeedUser | { readonly userData: string }
  readonly network: SeedNetwork
}

export interface SeedText {
  readonly name: 'user-data' | 'meta-data' | 'network-config'
  readonly text: string
}

/** The volume label by which cloud-init finds the seed. */
export const SEED_LABEL = 'cidata'

/** A YAML scalar: a string of JSON is one in YAML too, whatever stands in it. */
const scalar = (text: string): string => JSON.stringify(text)

/** `network-config` is left out when the image's own default is wanted. */
export function seedFiles({ instanceId, hostName, mac, user, network }: SeedParts): readonly SeedText[] {
  const userData = 'userData' in user ? user.userData : userText(user, hostName)
  const metaData = `instance-id: ${scalar(instanceId)}\nlocal-hostname: ${scalar(hostName)}\n`
  const files: SeedText[] = [
    { name: 'user-data', text: userData },
    { name: 'meta-data', text: metaData }
  ]
  if (network.kind === 'static') files.push({ name: 'network-config', text: networkText(network, mac) })
  return files
}

function userText({ name, passwordHash, sshKeys }: SeedUser, hostName: string): string {
  const keys = sshKeys.map((key) => `      - ${scalar(key)}\n`).join('')
  const byPassword = passwordHash !== null
  // Who logs in by key only has no password to give sudo.
  const sudo = byPassword ? 'ALL=(ALL:ALL) ALL' : 'ALL=(ALL:ALL) NOPASSWD:ALL'
  return `#cloud-config
hostname: ${scalar(hostName)}
ssh_pwauth: ${byPassword}
users:
  - name: ${scalar(name)}
    sudo: ${scalar(sudo)}
    shell: "/bin/bash"
    lock_passwd: ${!byPassword}
${byPassword ? `    passwd: ${scalar(passwordHash)}\n` : ''}${keys === '' ? '' : `    ssh_authorized_keys:\n${keys}`}`
}

function networkText(
  { address, gateway, nameServers }: Extract<SeedNetwork, { kind: 'static' }>,
  mac: string
): string {
  const route =
    gateway === null
      ? ''
      : `    routes:\n      - to: ${gateway.includes(':') ? '"::/0"' : '"0.0.0.0/0"'}\n        via: ${scalar(gateway)}\n`
  const names =
    nameServers.length === 0
      ? ''
      : `    nameservers:\n      addresses: [${nameServers.map(scalar).join(', ')}]\n`
  return `version: 2
ethernets:
  nic0:
    match:
      macaddress: ${scalar(mac)}
    addresses: [${scalar(address)}]
${route}${names}`
}

/** The first words by which cloud-init knows what a user-data is; anything else it leaves aside without a word. */
const STARTS = [
  '#cloud-config-archive',
  '#cloud-config',
  '#cloud-boothook',
  '#include-once',
  '#include',
  '#part-handler',
  '#!',
  '## template: jinja',
  'Content-Type: multipart/',
  'MIME-Version:'
]

/** What is wrong with the operator's own user-data, as far as its beginning tells; null = nothing. */
export function userDataProblem(text: string): 'start' | 'tab' | 'empty' | null {
  const start = STARTS.find((word) => text.startsWith(word))
  if (start === undefined) return 'start'
  if (start !== '#cloud-config') return null
  const lines = text.split(/\r?\n/).slice(1)
  // YAML has no tabs in its indentation.
  if (lines.some((line) => /^ *\t/.test(line))) return 'tab'
  const body = lines.filter((line) => line.trim() !== '' && !line.trimStart().startsWith('#'))
  const first = body[0]
  if (first === undefined) return 'empty'
  return /^(?:[\w"'-][^:]*:(?:\s|$)|\{|---|%YAML)/.test(first) ? null : 'start'
}
