import { createSocket } from 'node:dgram'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createLocalConnection, LOCAL_SHELLS } from '../../../test/fakes/local-connection.ts'
import { hexOf, magicPacket } from '../../domain/wake/magic-packet.ts'
import { findMagicTool, magicCommand, runMagicCommand } from './magic-relay.ts'
import { sendMagic } from './magic-sender.ts'
import { planOf, planPower, sendPower } from './power-command.ts'

const signal = new AbortController().signal
const MAC = '52:54:00:12:ab:cd'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'virthelm-power-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A program of this name that stands before the real one on the PATH. */
function standIn(name: string, script: string): NodeJS.ProcessEnv {
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`)
  chmodSync(join(folder, name), 0o755)
  return { ...process.env, PATH: `${folder}:${process.env['PATH'] ?? ''}` }
}

describe.each(Object.entries(LOCAL_SHELLS))('power in %s', (_name, shell) => {
  it('plans what the server has and sends exactly that', async () => {
    const env = standIn('systemctl', `echo "$*" >> ${folder}/seen; exit 0`)
    const connection = createLocalConnection({ shell, env })
    const plan = await planPower(connection, { action: 'shutDown', sudo: '', signal })
    expect(plan.command).toBe('systemctl poweroff')
    expect(await sendPower(connection, { command: 'systemctl poweroff', deadlineMs: 10_000 })).toEqual({
      kind: 'ended',
      exitCode: 0,
      stderr: ''
    })
    expect(readFileSync(join(folder, 'seen'), 'utf8')).toBe('poweroff\n')
  })

  it('gives the server’s words when it refuses', async () => {
    const env = standIn('systemctl', 'echo "Interactive authentication required." >&2; exit 4')
    const connection = createLocalConnection({ shell, env })
    expect(await sendPower(connection, { command: 'systemctl reboot', deadlineMs: 10_000 })).toEqual({
      kind: 'ended',
      exitCode: 4,
      stderr: 'Interactive authentication required.'
    })
  })

  it('knows a link that goes after the command was begun from one that went before', async () => {
    const env = standIn('systemctl', `touch ${folder}/begun; exec sleep 60`)
    const connection = createLocalConnection({ shell, env })
    const sending = sendPower(connection, { command: 'systemctl suspend', deadlineMs: 20_000 })
    await expect.poll(() => readFileSync(join(folder, 'begun'), 'utf8'), { timeout: 10_000 }).toBe('')
    connection.breakLink()
    expect(await sending).toEqual({ kind: 'linkGone' })
    const dead = createLocalConnection({ shell: ['/bin/sh', '-c', 'exec sleep 60'], env })
    const lost = sendPower(dead, { command: 'systemctl poweroff', deadlineMs: 20_000 })
    dead.breakLink()
    expect(await lost).toEqual({ kind: 'lost' })
  })
})

describe('a power command', () => {
  it('is one of the few that are known', async () => {
    const connection = createLocalConnection()
    await expect(sendPower(connection, { command: 'rm -rf /', deadlineMs: 1_000 })).rejects.toThrow(
      RangeError
    )
    expect(connection.children).toHaveLength(0)
  })

  it.each([
    [
      'root with systemd',
      'uid 0\nhas systemctl poweroff\nhas shutdown -h now',
      'shutDown',
      '',
      'systemctl poweroff',
      null
    ],
    ['root without systemd', 'uid 0\nhas shutdown -h now', 'shutDown', '', 'shutdown -h now', null],
    ['busybox', 'uid 0\nhas reboot', 'reboot', '', 'reboot', null],
    [
      'a user whom sudo lets',
      'uid 1000\nhas systemctl reboot\nsudo systemctl reboot',
      'reboot',
      'sudo -n ',
      'sudo -n systemctl reboot',
      null
    ],
    [
      'a user whom polkit may let',
      'uid 1000\nhas systemctl reboot',
      'reboot',
      '',
      'systemctl reboot',
      'permissionDenied'
    ],
    ['a user without systemd', 'uid 1000\nhas shutdown -h now', 'shutDown', '', null, 'permissionDenied'],
    ['a server that cannot sleep', 'uid 0\nsleep \nhas systemctl suspend', 'suspend', '', null, 'notPresent'],
    ['nothing at all', 'uid 0', 'suspend', '', null, 'toolMissing']
  ] as const)('of %s', (_who, text, action, sudo, command, cause) => {
    expect(planOf(text, action, sudo)).toMatchObject({ command, cause, users: null })
  })

  it('comes with who is logged in', () => {
    expect(planOf('uid 0\nusers\nuser anna\nuser ben', 'reboot', '').users).toEqual(['anna', 'ben'])
  })
})

describe('magic packets', () => {
  async function receiver(): Promise<{ port: number; next: Promise<string>; close(): void }> {
    const socket = createSocket('udp4')
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
    const next = new Promise<string>((resolve) => socket.once('message', (bytes) => resolve(hexOf(bytes))))
    return { port: socket.address().port, next, close: () => socket.close() }
  }

  it('leave this computer', async () => {
    const { port, next, close } = await receiver()
    const target = { mac: MAC, broadcasts: ['127.0.0.1'], ports: [port], password: null }
    expect(await sendMagic(target)).toBe(1)
    expect(await next).toBe(hexOf(magicPacket(MAC, null)))
    close()
  })

  it.each(['python3', 'perl'] as const)('are sent by %s of another server', async (tool) => {
    const { port, next, close } = await receiver()
    const target = { mac: MAC, broadcasts: ['127.0.0.1'], ports: [port], password: '00:11:22:33:44:55' }
    const { script, shown } = magicCommand(tool, target, '')
    expect(shown).not.toContain('001122334455')
    const connection = createLocalConnection()
    expect(await runMagicCommand(connection, script, signal)).toMatchObject({ packets: 1 })
    expect(await next).toBe(hexOf(magicPacket(MAC, target.password)))
    close()
  })

  it('need something that can send them', async () => {
    const env = { PATH: folder }
    const connection = createLocalConnection({ shell: ['/bin/dash', '-s'], env })
    expect(await findMagicTool(connection, { withPassword: false, signal })).toBeNull()
    const script = magicCommand(
      'python3',
      { mac: MAC, broadcasts: ['127.0.0.1'], ports: [9], password: null },
      ''
    ).script
    await expect(runMagicCommand(connection, script, signal)).rejects.toMatchObject({ code: 'wakeNotSent' })
  })
})
