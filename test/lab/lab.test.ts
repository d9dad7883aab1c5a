import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import * as lab from './lab.ts'

const missing = lab.whyNoLab()

/** OpenSSH's own client as the judge of what the lab's servers do. */
function ssh(
  user: string,
  server: lab.LabServer,
  folder: string,
  ...options: string[]
): Promise<lab.CommandResult> {
  const common = [
    '-F',
    'none',
    '-o',
    'StrictHostKeyChecking=accept-new',
    '-o',
    `UserKnownHostsFile=${folder}/known`
  ]
  const quiet = ['-o', 'LogLevel=ERROR', '-o', 'ConnectTimeout=5', '-o', 'IdentitiesOnly=yes']
  return lab.run(['ssh', ...common, ...quiet, ...options, `${user}@${server.address}`, 'exec /bin/sh -s'], {
    input: 'echo "it is $(id -un) on $(hostname)"\n',
    check: false
  })
}

describe.skipIf(missing !== null)(`the lab itself${missing === null ? '' : ` (${missing})`}`, () => {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'virthelm-lab-test-'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  afterEach(() => lab.restoreLab())

  const key = (): string[] => ['-o', 'BatchMode=yes', '-i', lab.labKey('ed25519').privateKey]

  it('lets every account with a key in, whatever its login shell says', async () => {
    const server = lab.labServer('lab1')
    for (const account of lab.labState().accounts.filter((one) => one.login.includes('key'))) {
      const { stdout } = await ssh(account.user, server, folder, ...key())
      expect(stdout).toContain(`it is ${account.user} on lab1`)
      expect(stdout.startsWith('Welcome to a noisy server')).toBe(account.noise === 'slow')
    }
  })

  it('counts one login for one connection', async () => {
    const before = lab.loginCount('lab2', 'op')
    await ssh('op', lab.labServer('lab2'), folder, ...key())
    expect(lab.loginCount('lab2', 'op')).toBe(before + 1)
  })

  it('asks op-code for a password and a one-time code', async () => {
    const account = lab.labAccount('op-code')
    const answers = join(folder, 'answers.sh')
    await lab.run(['bash', '-c', `cat > '${answers}' && chmod 700 '${answers}'`], {
      input: `#!/bin/sh\ncase $1 in *Verification*) printf '%s\\n' '${lab.totpCode(account)}' ;; *) printf '%s\\n' '${account.password ?? ''}' ;; esac\n`
    })
    const { stdout, stderr } = await lab.run(
      [
        'env',
        `SSH_ASKPASS=${answers}`,
        'SSH_ASKPASS_REQUIRE=force',
        'ssh',
        '-F',
        'none',
        '-o',
        `UserKnownHostsFile=${folder}/known`,
        '-o',
        'StrictHostKeyChecking=accept-new',
        '-o',
        'PreferredAuthentications=keyboard-interactive',
        '-o',
        'NumberOfPasswordPrompts=1',
        `op-code@${lab.labServer('lab1').address}`,
        'id -un'
      ],
      { check: false }
    )
    expect(stdout.trim(), stderr).toBe('op-code')
  })

  it('hides lab3 behind lab1', async () => {
    const server = lab.labServer('lab3')
    const direct = await ssh('op', server, folder, ...key())
    expect(direct.code).not.toBe(0)
    const jump = `ssh -F none -o BatchMode=yes -o UserKnownHostsFile=${folder}/known -i ${lab.labKey('ed25519').privateKey} -W %h:%p op@${lab.labServer('lab1').address}`
    const { stdout } = await ssh('op', server, folder, ...key(), '-o', `ProxyCommand=${jump}`)
    expect(stdout).toContain('it is op on lab3')
    expect((await lab.inServer('lab3', ['bash', '-c', 'command -v virsh'], { check: false })).code).not.toBe(
      0
    )
  })

  it('gives every server host keys of its own, and takes a change back', async () => {
    const server = lab.labServer('lab2')
    const shown = async (): Promise<string> =>
      (await lab.run(['ssh-keyscan', '-t', 'ed25519', server.address], { check: false })).stdout
    const recorded = server.hostKeys.find((one) => one.type === 'ssh-ed25519')?.keyBase64 ?? 'none'
    expect(await shown()).toContain(recorded)
    await lab.changeHostKeys('lab2')
    expect(await shown()).not.toContain(recorded)
    await lab.restoreLab()
    expect(await shown()).toContain(recorded)
    const all = lab.labState().servers.flatMap((one) => one.hostKeys.map((hostKey) => hostKey.fingerprint))
    expect(new Set(all).size).toBe(all.length)
  })

  it('has guests that do as they are told and report their memory', async () => {
    const guest = lab.labGuest('lab1', '$(id)')
    await lab.tellGuest('lab1', guest.uuid, 'say hello')
    expect(lab.serialText(guest)).toContain('said hello')
    const { stdout } = await lab.inServer('lab1', ['virsh', '-r', 'dommemstat', guest.uuid])
    expect(stdout).toMatch(/usable \d+/)
    const { stdout: names } = await lab.inServer('lab1', ['virsh', '-r', 'list', '--name', '--all'])
    for (const name of lab.labServer('lab1').guests.map((one) => one.name))
      expect(names.split('\n')).toContain(name)
  })

  it('freezes a link and a guest, and puts both right', async () => {
    const server = lab.labServer('lab2')
    const answers = async (): Promise<boolean> =>
      (await lab.run(['busybox', 'ping', '-c', '1', '-W', '1', server.address], { check: false })).code === 0
    await lab.freezeLink('lab2')
    expect(await answers()).toBe(false)
    await lab.restoreLab()
    await lab.eventually('the link carries again', answers, 5_000)
    lab.stopGuest('lab2', lab.labGuest('lab2', 'web').uuid)
    const monitor = [
      'timeout',
      '2',
      'virsh',
      'qemu-monitor-command',
      '--hmp',
      lab.labGuest('lab2', 'web').uuid,
      'info status'
    ]
    expect((await lab.inServer('lab2', monitor, { check: false })).code).not.toBe(0)
    await lab.restoreLab()
    await lab.eventually(
      'the guest answers again',
      async () => (await lab.inServer('lab2', monitor, { check: false })).code === 0
    )
  })

  it('shuts a guest down by its power button and starts it again', async () => {
    const { uuid } = lab.labGuest('lab2', 'web')
    lab.restoreGuest('lab2', uuid)
    await lab.virsh('lab2', 'shutdown', uuid)
    await lab.eventually(
      'the guest is off',
      async () =>
        (await lab.inServer('lab2', ['virsh', '-r', 'domstate', uuid])).stdout.trim() === 'shut off',
      20_000
    )
    await lab.startGuest('lab2', uuid)
  })
})
