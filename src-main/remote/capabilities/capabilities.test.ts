import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createLocalConnection, LOCAL_SHELLS } from '../../../test/fakes/local-connection.ts'
import { composeTables, system } from '../../demo/tools/smbios.ts'
import type { Tools } from '../../application/telemetry/tools.ts'
import { parseFirmwareTables } from '../../domain/metrics/smbios.ts'
import { createTools } from '../tools/tool-shell.ts'
import { createFirmwareReader } from './firmware-reader.ts'
import { trySudo } from './sudo-trial.ts'

const never = new AbortController().signal
let tools: Tools | null = null
afterEach(() => tools?.close())

let folder: string
beforeAll(() => {
  folder = mkdtempSync('/tmp/capabilities-')
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Tools on a server whose sudo does what `body` says. */
function withSudo(shell: readonly string[], body: string): Tools {
  const file = join(folder, 'sudo')
  writeFileSync(file, `#!/bin/sh\n[ "$1" = -n ] || exit 99\nshift\n${body}\n`)
  chmodSync(file, 0o755)
  const env = { ...process.env, PATH: `${folder}:${process.env['PATH'] ?? ''}` }
  return (tools = createTools(createLocalConnection({ shell, env })))
}

const COMMANDS = [
  { program: 'cat', args: '/proc/version' },
  { program: 'ls', args: null },
  { program: 'no-such-program', args: null }
]
const REFUSE = 'echo "sudo: a password is required" >&2; exit 1'

describe.each(Object.entries(LOCAL_SHELLS))('sudo in %s', (_name, shell) => {
  it('is tried as a whole', async () => {
    const trial = await trySudo(withSudo(shell, 'exec "$@"'), COMMANDS, never)
    expect(trial).toMatchObject({ hasSudo: true, allowsAll: true })
    expect(trial.commands.map(({ path, runs }) => [path, runs])).toEqual([
      ['/usr/bin/cat', true],
      ['/usr/bin/ls', true]
    ])
  })

  it('is tried command by command; one that fails by itself did run', async () => {
    const body = `echo 'sudo: unable to resolve host x: Name or service not known' >&2
case "$*" in
  '/usr/bin/cat /proc/version') echo 'cat: broken' >&2; exit 1;;
  *) ${REFUSE};;
esac`
    const trial = await trySudo(withSudo(shell, body), COMMANDS, never)
    expect(trial).toMatchObject({ hasSudo: true, allowsAll: false })
    expect(trial.commands.map(({ runs }) => runs)).toEqual([true, false])
  })

  it.each([
    'Sorry, user op is not allowed to execute x as root on y.',
    'op is not in the sudoers file.',
    "I'm sorry op. I'm afraid I can't do that"
  ])('knows a refusal: %s', async (message) => {
    const trial = await trySudo(withSudo(shell, `echo "${message}" >&2; exit 1`), COMMANDS, never)
    expect(trial.commands.some(({ runs }) => runs)).toBe(false)
  })

  it('lets the firmware’s tables be read, or says why not', async () => {
    const file = join(folder, 'DMI')
    writeFileSync(file, composeTables([system('Dell Inc.', 'PowerEdge R740', '3X4MPL3')]))
    const read = createFirmwareReader(file as `/tmp/${string}`)
    const own = withSudo(shell, 'exec "$@"')
    for (const sudo of ['', 'sudo -n '] as const) {
      const answer = await read(own, sudo, never)
      if (answer.kind !== 'tables') throw new Error(answer.kind)
      expect(parseFirmwareTables(answer.dump)?.serialNumber).toBe('3X4MPL3')
    }
    expect(await read(withSudo(shell, REFUSE), 'sudo -n ', never)).toEqual({ kind: 'refused' })
    expect(await createFirmwareReader('/tmp/no-such-table')(own, '', never)).toEqual({ kind: 'absent' })
  })
})
