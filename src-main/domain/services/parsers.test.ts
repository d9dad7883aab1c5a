import { describe, expect, it } from 'vitest'
import { recordedServices } from '../../../test/fakes/recorded-services.ts'
import { logLines } from './service-words.ts'
import { isLogin, parseSessions } from './sessions.ts'
import { sectionsOf, systemdTime } from './text.ts'
import { isActive, isRemoteAccess, parseListUnits, parseUnitDetails } from './units.ts'
import { parseApk, parseApt, parseDnf, parsePacman, parseUpdates, parseZypper } from './updates.ts'

const at = (iso: string): number => Date.parse(iso)
const sessionsIn = (file: string) => {
  const sessions = parseSessions(sectionsOf(recordedServices(file)))
  if (sessions === null) throw new Error('not read')
  return sessions
}

describe('users', () => {
  it('of logind: terminals that it was never told of come from sshd, greeters and closing ones are nobody', () => {
    const { source, sessions } = sessionsIn('debian-12-logind.txt')
    expect(source).toBe('logind')
    expect(
      sessions.map(({ user, kind, terminal, origin, isConsole }) => [user, kind, terminal, origin, isConsole])
    ).toEqual([
      ['root', 'terminal', 'tty1', null, false],
      ['ana', 'terminal', 'pts/0,pts/2', '10.77.0.1', false],
      ['deploy', 'noTerminal', null, '2001:db8::17', false],
      ['op', 'noTerminal', null, '10.77.0.2', true]
    ])
    expect(sessions.filter(isLogin)).toHaveLength(2)
    expect(sessions[1]).toMatchObject({
      service: 'sshd',
      pid: 40990,
      sinceAtMs: at('2025-11-28T08:02:31Z'),
      idleMs: 5_000
    })
  })

  it('of the files of logind, where loginctl is not there', () => {
    const { sessions } = sessionsIn('fedora-41-sessions-files.txt')
    expect(
      sessions.map(({ user, kind, terminal, origin, sinceAtMs }) => [user, kind, terminal, origin, sinceAtMs])
    ).toEqual([
      ['kim', 'graphical', 'tty2', null, 1_764_300_000_123],
      ['kim', 'terminal', 'pts/3', '192.0.2.44', 1_764_319_000_000]
    ])
  })

  it('of utmp: idle from the terminal itself, a login of last December, displays and mosh', () => {
    const { source, sessions } = sessionsIn('debian-11-utmp.txt')
    expect(source).toBe('utmp')
    expect(sessions.map(({ user, kind, terminal, origin }) => [user, kind, terminal, origin])).toEqual([
      ['root', 'terminal', 'tty1', null],
      ['ana', 'terminal', 'pts/0', '10.77.0.1'],
      ['ana', 'terminal', 'pts/1', 'office-gw.example'],
      ['kim', 'graphical', ':0', null],
      ['wei', 'terminal', 'pts/5', '10.77.0.9 via mosh [41499]'],
      ['op', 'noTerminal', null, '10.77.0.2']
    ])
    expect(sessions[0]?.sinceAtMs).toBe(at('2024-12-31T23:10:00Z'))
    expect(sessions[1]).toMatchObject({ sinceAtMs: at('2025-11-28T08:02:00Z'), pid: 40990, idleMs: 5_000 })
    expect(sessions.at(-1)?.isConsole).toBe(true)
    expect(sessions.filter(isLogin)).toHaveLength(5)
  })

  it('of busybox who, and of ISO times', () => {
    const { source, sessions } = sessionsIn('alpine-3.20-busybox.txt')
    expect(source).toBe('utmp')
    expect(sessions.filter(isLogin)).toMatchObject([
      {
        user: 'root',
        terminal: 'pts/0',
        origin: '10.0.2.2',
        sinceAtMs: at('2025-11-28T08:40:11Z'),
        idleMs: 180_000
      },
      { user: 'root', terminal: 'tty1', origin: null, sinceAtMs: at('2025-11-27T10:00:00Z') }
    ])
    expect(sessionsIn('opensuse-iso-who.txt').sessions).toMatchObject([
      { user: 'geeko', origin: '198.51.100.4', pid: 3312, sinceAtMs: at('2025-11-28T08:10:00Z') }
    ])
  })

  it('of sshd’s processes, where a system keeps no list', () => {
    const { source, sessions } = sessionsIn('arch-processes.txt')
    expect(source).toBe('processes')
    expect(sessions.map(({ user, kind, origin, isConsole }) => [user, kind, origin, isConsole])).toEqual([
      ['op', 'noTerminal', '192.0.2.7', true],
      ['ana', 'terminal', '192.0.2.9', false],
      ['backup', 'noTerminal', null, false]
    ])
  })
})

describe('units', () => {
  it('of list-units, with and without the dot of a failed one', () => {
    const units = parseListUnits(recordedServices('debian-12-units.txt'))
    expect(units).toHaveLength(9)
    expect(units.find(({ name }) => name === 'nginx.service')).toEqual({
      name: 'nginx.service',
      load: 'loaded',
      active: 'failed',
      sub: 'failed',
      description: 'A high performance web server and a reverse proxy server'
    })
    expect(units.map(({ name }) => name)).toContain('dev-disk-by\\x2duuid-3f2a.swap')
    const old = parseListUnits(recordedServices('centos-7-units.txt'))
    expect(old.map(({ name, active }) => [name, active])).toEqual([
      ['auditd.service', 'active'],
      ['kdump.service', 'failed'],
      ['network.service', 'failed'],
      ['NetworkManager.service', 'active']
    ])
  })

  it('of show: since when and why', () => {
    const details = parseUnitDetails(recordedServices('debian-12-show.txt'))
    expect(details.get('nginx.service')).toMatchObject({
      sinceAtMs: at('2025-11-28T08:11:12Z'),
      enabled: 'enabled',
      result: 'exit-code'
    })
    expect(details.get('cron.service')?.result).toBeNull()
    expect(details.get('plymouth-start.service')).toMatchObject({ sinceAtMs: null, enabled: null })
  })

  it('take no name that is more than a name', () => {
    for (const name of [
      '$(id).service',
      "a'b.service",
      'a;reboot.service',
      '-H',
      '../x.service ',
      'ä.service',
      'a\u0000.service'
    ])
      expect(parseListUnits(`${name} loaded active running x`)).toEqual([])
  })

  it('know what the way to the server hangs on, and what counts as active', () => {
    expect(
      ['ssh.service', 'sshd.socket', 'wg-quick@wg0.service', 'NetworkManager.service'].every(isRemoteAccess)
    ).toBe(true)
    expect(['nginx.service', 'ssh-agent.service', 'dbus-org.example.service'].some(isRemoteAccess)).toBe(
      false
    )
    expect(['active', 'reloading', 'activating'].every(isActive)).toBe(true)
    expect(['failed', 'inactive', 'deactivating', 'maintenance'].some(isActive)).toBe(false)
  })
})

describe('updates', () => {
  it('of apt, as recorded: each package once, security by its origin, new packages are no updates', () => {
    const recorded = recordedServices('debian-12-apt.txt')
    const updates = parseApt(recorded)
    const lines = recorded.split('\n').filter((line) => /^Inst \S+ \[/.test(line))
    expect(updates).toHaveLength(lines.length)
    expect(updates.length).toBeGreaterThan(10)
    expect(updates.filter(({ security }) => security).length).toBe(
      lines.filter((line) => line.includes('-security')).length
    )
    expect(
      parseApt('Inst linux-image-6.1.0-26-amd64 (6.1.112-1 Debian-Security:12/stable-security [amd64])')
    ).toEqual([])
  })

  it('of dnf and yum: no obsoletes, rows that are broken in two, security by a second list', () => {
    const updates = parseDnf(
      recordedServices('fedora-41-dnf.txt'),
      recordedServices('fedora-41-dnf-security.txt')
    )
    expect(updates.map(({ name, next, security }) => [name, next, security])).toEqual([
      ['kernel', '6.11.10-300.fc41', false],
      ['openssl-libs', '1:3.2.2-9.fc41', true],
      ['python3-urllib3+socks', '1.26.20-1.fc41', false]
    ])
    expect(
      parseDnf(recordedServices('centos-7-yum.txt'), null).map(({ name, security }) => [name, security])
    ).toEqual([
      ['bash', null],
      ['python-perf-with-a-very-long-name', null]
    ])
  })

  it('of zypper, pacman and apk', () => {
    expect(
      parseZypper(recordedServices('opensuse-zypper.txt')).map(({ name, current }) => [name, current])
    ).toEqual([
      ['curl', '8.6.0-150600.2'],
      ['kernel-default', '6.4.0-150600.23.22.1']
    ])
    expect(parsePacman(recordedServices('arch-pacman.txt')).map(({ name, next }) => [name, next])).toEqual([
      ['linux', '6.12.1.arch1-1'],
      ['openssl', '3.4.0-2']
    ])
    expect(parseApk(recordedServices('alpine-apk.txt'))).toEqual([
      { name: 'busybox', current: '1.36.1-r28', next: '1.36.1-r29', security: null },
      { name: 'libcrypto3', current: '3.3.1-r3', next: '3.3.2-r1', security: null },
      { name: 'py3-pip', current: '24.0-r2', next: '24.0-r3', security: null }
    ])
  })

  it.each([
    [{ manager: 'apt', exit: '0', lists: '1764319800' }, 'updates'],
    [{ manager: 'apt', exit: '0', lists: '' }, 'notListed'],
    [{ manager: 'dnf', exit: '100', lists: '1764319800' }, 'updates'],
    [{ manager: 'dnf', exit: '1', errors: 'Error: Cache-only enabled but no cache for baseos' }, 'denied'],
    [{ manager: 'pacman', exit: '1', lists: '1764319800' }, 'updates'],
    [{ manager: 'apk', exit: '99', errors: 'broken' }, 'failed'],
    [{ manager: '' }, 'noManager']
  ])('no update is no news without package lists, and a refusal is none either: %j', (sections, kind) => {
    expect(parseUpdates(new Map(Object.entries(sections))).kind).toBe(kind)
  })
})

describe('times and logs', () => {
  it.each([
    ['Fri 2025-11-28 08:02:31 UTC', at('2025-11-28T08:02:31Z')],
    ['2025-11-28 08:02:31 UTC', at('2025-11-28T08:02:31Z')],
    ['@1764316951', 1_764_316_951_000],
    ['1764316951123456', 1_764_316_951_123],
    ['n/a', null],
    ['0', null],
    ['', null],
    ['Fri 2025-11-28 08:02:31 CET', null]
  ])('%s', (text, expected) => {
    expect(systemdTime(text)).toBe(expected)
  })

  it('leave out what journalctl says about itself', () => {
    expect(logLines('-- Logs begin at Mon --\n2025 a\n-- No entries --\n\n2025 b\n')).toEqual([
      '2025 a',
      '2025 b'
    ])
  })
})
