/** What is told of a log and the files beside it, and logs that the account may not read. */
import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createLocalConnection } from '../../../test/fakes/local-connection.ts'
import { inOrder, rotationOf } from '../../domain/traffic/rotated-files.ts'
import { createTools } from '../tools/tool-shell.ts'
import { createLogFiles, lookOf } from './log-files.ts'

const RUNS = process.env.VIRTHELM_LONG === '1' ? 10_000 : 1_000
const never = new AbortController().signal
const PATH = '/var/log/nginx/access.log'

describe('files of a log', () => {
  it.each([
    ['access.log', 'access.log.1', 'no'],
    ['access.log', 'access.log.12.gz', 'gzip'],
    ['access.log', 'access.log-20261128', 'no'],
    ['access.log', 'access.log-20261128-1700000000.gz', 'gzip'],
    ['access.log', 'access.log.0', 'no'],
    ['access.log', 'access.1.log', 'no'],
    ['access.log', 'access-20261128.log.gz', 'gzip'],
    ['access.log', 'access.log.3.xz', 'other'],
    ['access_log', 'access_log-20261122', 'no']
  ])('%s was rotated to %s', (base, name, packed) => expect(rotationOf(base, name)).toEqual({ packed }))

  it.each([
    'access.log',
    'access.log.bak',
    'access.log.1~',
    'access.log.offset',
    'other.log.1',
    'access.log.gz'
  ])('%s is no rotated file', (name) => expect(rotationOf('access.log', name)).toBeNull())

  it('are in the order in which they were written', () => {
    const file = (path: string, modifiedSec: number) => ({
      ...{ path, modifiedSec, device: '1', inode: path, sizeBytes: 1 },
      compressed: path.endsWith('.gz')
    })
    const files = [
      file('a.1', 30),
      file('a.3.gz', 10),
      file('a.2.gz', 20),
      file('a.1.gz', 30),
      file('a.10.gz', 10)
    ]
    expect(inOrder(files).map(({ path }) => path)).toEqual(['a.10.gz', 'a.3.gz', 'a.2.gz', 'a.1'])
  })
})

describe('what the server tells', () => {
  const file = (name: string, inode: number): string =>
    `file 81a4 2049 ${inode} 100 1700000000 /var/log/nginx/${name}`

  it('takes regular files of this log only', () => {
    const text = ['now 1700000001', 'user op', file('access.log', 1), file('access.log', 1)]
    text.push(file('access.log.1', 2), file('error.log.1', 3), file('access.log.2.xz', 4))
    text.push(
      'file 41ed 2049 5 100 1700000000 /var/log/nginx/access.log.3',
      'file x',
      file('access.log-20261128', 1)
    )
    const look = lookOf(PATH, text.join('\n'))
    expect(look).toMatchObject({ nowSec: 1_700_000_001, current: { inode: '1' }, cause: null, fix: null })
    expect(look.rotated.map(({ path }) => path)).toEqual(['/var/log/nginx/access.log.1'])
  })

  it.each([
    ['denied adm 640 /var/log/nginx/access.log', 'op', 'sudo usermod -aG adm op'],
    ['denied proxy 750 /var/log/squid/', 'op', 'sudo usermod -aG proxy op'],
    ['denied root 640 /var/log/httpd/access_log', 'op', 'sudo setfacl -m u:op:r /var/log/httpd/access_log'],
    ['denied root 700 /var/log/httpd/', 'op', 'sudo setfacl -m u:op:rx /var/log/httpd/'],
    ["denied www 600 /srv/it's/a", 'op', "sudo setfacl -m u:op:r '/srv/it'\\''s/a'"],
    ['denied adm;reboot 640 /var/log/a', 'op', 'sudo setfacl -m u:op:r /var/log/a'],
    ['denied adm 640 /var/log/a', 'op; reboot', null]
  ])('%s for %s: %s', (line, user, fix) => {
    expect(lookOf(PATH, `user ${user}\n${line}`)).toMatchObject({
      cause: 'permissionDenied',
      current: null,
      fix
    })
  })

  it('survives anything', () => {
    const lines = [file('access.log', 1), 'denied adm 640 /a', 'now x', 'user', file('access.log.1', 2)]
    const hostile = fc.array(fc.oneof(fc.constantFrom(...lines), fc.string({ maxLength: 60 })), {
      maxLength: 8
    })
    fc.assert(
      fc.property(hostile, (text) => {
        const { nowSec, fix } = lookOf(PATH, text.join('\n'))
        expect(Number.isInteger(nowSec)).toBe(true)
        expect(fix === null || !/[\n;|&$`]/.test(fix.replaceAll(/'[^']*'/g, ''))).toBe(true)
      }),
      { numRuns: RUNS }
    )
  })
})

// Only root can become somebody who may not read.
describe.skipIf(process.getuid?.() !== 0)('a log that the account may not read', () => {
  const NOBODY = 65_534
  let folder: string
  let path: string
  beforeEach(() => {
    folder = mkdtempSync('/tmp/virthelm-denied-')
    chmodSync(folder, 0o755)
    mkdirSync(join(folder, 'logs'))
    path = join(folder, 'logs/access.log')
    writeFileSync(path, 'one\ntwo\n')
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  function filesAs(sudo: '' | 'sudo -n ') {
    const shell = [
      '/usr/bin/setpriv',
      `--reuid=${NOBODY}`,
      `--regid=${NOBODY}`,
      '--clear-groups',
      '/bin/sh',
      '-s'
    ]
    const env = { ...process.env, PATH: `${folder}/bin:${process.env.PATH ?? ''}` }
    const connection = createLocalConnection({ shell, env })
    const tools = createTools(connection)
    return { files: createLogFiles({ connection, tools, sudo: () => sudo }), close: () => tools.close() }
  }

  it('is told with the line that mends it, also when its folder is closed', async () => {
    chmodSync(path, 0o640)
    chownSync(path, 0, 4)
    const { files, close } = filesAs('')
    const group = execFileSync('stat', ['-c', '%G', path], { encoding: 'utf8' }).trim()
    const user = execFileSync('id', ['-un', String(NOBODY)], { encoding: 'utf8' }).trim()
    expect(await files.look(path, never)).toMatchObject({
      current: null,
      cause: 'permissionDenied',
      fix: `sudo usermod -aG ${group} ${user}`
    })
    chmodSync(join(folder, 'logs'), 0o700)
    expect(await files.look(path, never)).toMatchObject({
      cause: 'permissionDenied',
      fix: `sudo setfacl -m u:${user}:rx ${folder}/logs/`
    })
    expect(await files.look(join(folder, 'none.log'), never)).toMatchObject({
      cause: 'notPresent',
      fix: null
    })
    close()
  })

  it('is read with sudo where that is allowed, and only then', async () => {
    // A sudo that gives the owner what the mode withholds.
    mkdirSync(join(folder, 'bin'))
    writeFileSync(
      join(folder, 'bin/sudo'),
      `#!/bin/sh\nshift\nchmod 600 ${path}\n"$@"\nr=$?\nchmod 0 ${path}\nexit $r\n`
    )
    chmodSync(join(folder, 'bin/sudo'), 0o755)
    chownSync(path, NOBODY, NOBODY)
    chmodSync(path, 0)
    const without = filesAs('')
    expect((await without.files.look(path, never)).cause).toBe('permissionDenied')
    without.close()
    const allowed = filesAs('sudo -n ')
    const look = await allowed.files.look(path, never)
    expect(look).toMatchObject({ cause: null, current: { sizeBytes: 8 } })
    if (look.current === null) throw new Error('not found')
    const { bytes, ended } = await allowed.files.read(look.current, 4, 100, never)
    expect([Buffer.from(bytes).toString(), ended]).toEqual(['two\n', true])
    allowed.close()
  })
})
