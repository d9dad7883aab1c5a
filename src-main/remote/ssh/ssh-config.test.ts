import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { parseJump, readSshConfig } from './ssh-config.ts'
import { splitLine } from './ssh-config-file.ts'

let home = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'virthelm-home-'))
  mkdirSync(join(home, '.ssh', 'conf.d'), { recursive: true })
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

const put = (name: string, text: string): void => writeFileSync(join(home, '.ssh', name), text)
const read = () => readSshConfig(join(home, '.ssh', 'config'), { homeFolder: home, userName: 'me' })
const hosts = async () => Object.fromEntries((await read()).map((host) => [host.alias, host]))

describe('readSshConfig', () => {
  it('takes the first value of each directive, patterns and all key files', async () => {
    put(
      'config',
      `# comment
Host one two !three
  HostName %h.example.net
  User = root
  IdentityFile ~/.ssh/a
  IdentityFile "%d/keys/%h key"
Host o*
  User nobody
  Port 2222
Host *
  IdentityFile /etc/%u-%r
`
    )
    const { one, two, three } = await hosts()
    expect(one?.connection).toEqual({
      host: 'one.example.net',
      port: 2222,
      user: 'root',
      useAgent: true,
      keyFiles: ['~/.ssh/a', '~/keys/one.example.net key', '/etc/me-root'],
      usePassword: false,
      jumps: []
    })
    expect(two?.connection.port).toBe(22)
    expect(three).toBeUndefined()
  })

  it('follows jumps by their aliases, and the way to the first one', async () => {
    put(
      'config',
      `Host gate
  HostName gate.example.net
  User g
  ProxyJump outer:2200
Host inner
  ProxyJump gate,ops@[::1]:99
Host direct
  ProxyJump none
Host loop
  ProxyJump loop2
Host loop2
  ProxyJump loop
`
    )
    const { inner, direct, loop } = await hosts()
    expect(inner?.connection.jumps).toEqual([
      { host: 'outer', port: 2200, user: 'me' },
      { host: 'gate.example.net', port: 22, user: 'g' },
      { host: '::1', port: 99, user: 'ops' }
    ])
    expect(direct?.connection.jumps).toEqual([])
    expect(loop?.problems).toEqual(['ProxyJump loop'])
  })

  it('reads included files, also inside of a block, and only so deep', async () => {
    put('config', 'Include conf.d/*.conf\nHost self\n  Include self-include\nInclude config\n')
    put('conf.d/b.conf', 'Host b\n  Port 2\n')
    put('conf.d/a.conf', 'Host a\n  Port 1\n')
    put('conf.d/.hidden.conf', 'Host hidden\n Port 3\n')
    put('self-include', 'User from-include\n')
    const found = await hosts()
    expect(Object.keys(found).slice(0, 3)).toEqual(['a', 'b', 'self'])
    expect(found['self']?.connection.user).toBe('from-include')
    expect(found['a']?.connection.user).toBe('me')
    expect(found['hidden']).toBeUndefined()
  })

  it('never executes anything, and lists what was not followed', async () => {
    const canary = join(home, 'canary')
    put(
      'config',
      `Match host trap exec "touch ${canary}"
  User matched
Host trap
  ProxyCommand touch ${canary}; nc %h %p
  KnownHostsCommand /usr/bin/touch ${canary}
  LocalCommand touch ${canary}
  PermitLocalCommand yes
  ProxyJump ignored-because-later
Host quiet
  ProxyCommand none
Match host quiet
  User by-match
Match all
  Port 77
`
    )
    const { trap, quiet } = await hosts()
    expect(trap?.connection.user).toBe('me')
    expect(trap?.connection.jumps).toEqual([])
    expect(trap?.problems.map((line) => line.split(' ')[0])).toEqual([
      'Match',
      'ProxyCommand',
      'KnownHostsCommand',
      'LocalCommand'
    ])
    expect(quiet).toMatchObject({ problems: [], connection: { user: 'by-match', port: 77 } })
    await expect(import('node:fs/promises').then((fs) => fs.access(canary))).rejects.toThrow()
  })

  it('offers the usual key files where none is named, and leaves out hosts it cannot express', async () => {
    put('id_ed25519', 'x')
    put('config', 'Host plain\nHost broken\n  Port 99999\n')
    const found = await hosts()
    expect(found['plain']?.connection.keyFiles).toEqual(['~/.ssh/id_ed25519'])
    expect(found['broken']).toBeUndefined()
    rmSync(join(home, '.ssh', 'config'))
    expect(await read()).toEqual([])
    mkdirSync(join(home, '.ssh', 'config'))
    await expect(read()).rejects.toMatchObject({ code: 'sshConfigUnreadable' })
  })

  it('survives any bytes', async () => {
    const runs = process.env['VIRTHELM_LONG'] === '1' ? 10_000 : 300
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 400 }), async (text) => {
        put('config', `Host h\n${text}\nHost i\n ProxyJump ${text}\n`)
        await read()
        splitLine(text)
        parseJump(text)
      }),
      { numRuns: runs }
    )
  })
})
