import { describe, expect, it } from 'vitest'
import { seedFiles, userDataProblem, type SeedParts } from './seed.ts'

const parts: SeedParts = {
  instanceId: '11111111-2222-4333-8444-555555555555',
  hostName: 'web-04',
  mac: '52:54:00:11:11:11',
  user: { name: 'ops', passwordHash: '$6$salt$hash', sshKeys: ['ssh-ed25519 AAAA "quoted" key'] },
  network: { kind: 'automatic' }
}
const textOf = (given: SeedParts, name: string) => seedFiles(given).find((file) => file.name === name)?.text

describe('a seed', () => {
  it('makes a user that may log in by password and key', () => {
    expect(textOf(parts, 'user-data')).toBe(`#cloud-config
hostname: "web-04"
ssh_pwauth: true
users:
  - name: "ops"
    sudo: "ALL=(ALL:ALL) ALL"
    shell: "/bin/bash"
    lock_passwd: false
    passwd: "$6$salt$hash"
    ssh_authorized_keys:
      - "ssh-ed25519 AAAA \\"quoted\\" key"
`)
  })

  it('locks the password of a user who has none, and lets sudo not ask for it', () => {
    const text = textOf({ ...parts, user: { name: 'ops', passwordHash: null, sshKeys: [] } }, 'user-data')
    expect(text).toContain('lock_passwd: true')
    expect(text).toContain('NOPASSWD')
    expect(text).not.toContain('passwd: "')
  })

  it('takes the operator’s own user-data as it is', () => {
    const own = '#!/bin/sh\necho hello\n'
    expect(textOf({ ...parts, user: { userData: own } }, 'user-data')).toBe(own)
  })

  it('says nothing about the network unless it is told to', () => {
    expect(textOf(parts, 'network-config')).toBeUndefined()
    const network = {
      kind: 'static',
      address: '192.0.2.5/24',
      gateway: '192.0.2.1',
      nameServers: ['192.0.2.53', '2001:db8::53']
    } as const
    expect(textOf({ ...parts, network }, 'network-config')).toBe(`version: 2
ethernets:
  nic0:
    match:
      macaddress: "52:54:00:11:11:11"
    addresses: ["192.0.2.5/24"]
    routes:
      - to: "0.0.0.0/0"
        via: "192.0.2.1"
    nameservers:
      addresses: ["192.0.2.53", "2001:db8::53"]
`)
  })
})

describe('own user-data', () => {
  it.each([
    ['#cloud-config\npackages:\n  - nginx\n', null],
    ['#cloud-config\n# a word\n\n{"packages": []}\n', null],
    ['#!/bin/bash\n\ttrue\n', null],
    ['## template: jinja\n#cloud-config\nx: {{ y }}\n', null],
    ['Content-Type: multipart/mixed; boundary="x"\n', null],
    ['packages:\n  - nginx\n', 'start'],
    ['#cloud-config\njust words\n', 'start'],
    ['#cloud-config\npackages:\n\t- nginx\n', 'tab'],
    ['#cloud-config\n# nothing\n', 'empty']
  ])('%j → %s', (text, problem) => {
    expect(userDataProblem(text)).toBe(problem)
  })
})
