import { describe, expect, it } from 'vitest'
import { dataFolderOf, defaultDataFolder } from '../platform/data-folder.ts'
import { commandOf, parseOptions } from './options.ts'
import { findBrowser } from './web-browser.ts'

const options = (...args: string[]) => {
  const parsed = parseOptions(args)
  if (!parsed.ok) throw new Error(parsed.problem)
  return parsed.options
}
const problem = (...args: string[]): string => {
  const parsed = parseOptions(args)
  return parsed.ok ? '' : parsed.problem
}

describe('options', () => {
  it('have sensible values when nothing is said', () => {
    expect(options()).toEqual({
      browser: false,
      port: 0,
      open: true,
      dataDir: null,
      demo: false,
      secretKeyFile: null,
      exportSecrets: false,
      restore: null,
      help: false
    })
  })

  it('are all understood, with a space or =', () => {
    expect(
      options(
        '--browser',
        '--port',
        '8080',
        '--no-open',
        '--data-dir=/tmp/a b',
        '--demo',
        '--secret-key-file',
        'k',
        '--export-secrets',
        '--restore',
        'b.tar'
      )
    ).toEqual({
      browser: true,
      port: 8080,
      open: false,
      dataDir: '/tmp/a b',
      demo: true,
      secretKeyFile: 'k',
      exportSecrets: true,
      restore: 'b.tar',
      help: false
    })
  })

  it.each([['--port', '0'], ['--no-open'], ['--secret-key-file=x'], ['--export-secrets']])(
    '%s asks for browser mode',
    (...args) => {
      expect(options(...args).browser).toBe(true)
    }
  )

  it.each([
    [['--prot', '80'], 'Unknown option: --prot'],
    [['-p'], 'Unknown option: -p'],
    [['--no-browser'], 'Unknown option: --no-browser'],
    [['server1'], 'Unexpected argument: server1'],
    [['--port'], '--port needs a value'],
    [['--data-dir', '--demo'], '--data-dir needs a value'],
    [['--data-dir='], '--data-dir needs a value'],
    [['--port', 'http'], '--port needs a number from 0 to 65535'],
    [['--port', '65536'], '--port needs a number from 0 to 65535'],
    [['--port', '1e3'], '--port needs a number from 0 to 65535'],
    [['--port=-1'], '--port needs a number from 0 to 65535'],
    [['--demo=yes'], '--demo takes no value'],
    [['--port', '1', '--port', '2'], '--port is given twice']
  ])('%j is a problem with a clear message', (args, message) => {
    expect(problem(...args)).toBe(message)
  })

  it('of an installed app leave the switches of Chromium alone', () => {
    const parsed = parseOptions(['--ozone-platform=wayland', '--no-sandbox', 'x', '--demo'], {
      ignoreUnknown: true
    })
    expect(parsed).toMatchObject({ ok: true, options: { demo: true } })
  })
})

describe('data folder', () => {
  const facts = (platform: NodeJS.Platform, env = {}) => ({ platform, env, homeFolder: '/home/ada' })

  it('is where the system keeps such things', () => {
    expect(defaultDataFolder(facts('linux'))).toBe('/home/ada/.local/share/virthelm')
    expect(defaultDataFolder(facts('linux', { XDG_DATA_HOME: '/data' }))).toBe('/data/virthelm')
    expect(defaultDataFolder(facts('linux', { XDG_DATA_HOME: 'data' }))).toBe(
      '/home/ada/.local/share/virthelm'
    )
    expect(defaultDataFolder(facts('darwin'))).toBe('/home/ada/Library/Application Support/Virthelm')
    expect(defaultDataFolder(facts('win32', { LOCALAPPDATA: '/local' }))).toBe('/local/Virthelm')
  })

  it('of the demo stands apart', () => {
    expect(dataFolderOf({ chosen: null, demo: true }, facts('linux'))).toBe(
      '/home/ada/.local/share/virthelm/demo'
    )
    expect(dataFolderOf({ chosen: '/d', demo: true }, facts('linux'))).toBe('/d/demo')
    expect(dataFolderOf({ chosen: '/d', demo: false }, facts('linux'))).toBe('/d')
  })
})

describe('browser', () => {
  const only = (path: string) => (candidate: string) => candidate === path

  it('is found on Linux when there is a display', () => {
    const env = { PATH: '/usr/local/bin:/usr/bin', DISPLAY: ':0' }
    expect(findBrowser('linux', env, only('/usr/bin/google-chrome'))).toBe('/usr/bin/google-chrome')
    expect(findBrowser('linux', { ...env, DISPLAY: '' }, () => true)).toBeNull()
    expect(findBrowser('linux', { PATH: '/usr/bin', WAYLAND_DISPLAY: 'w' }, () => true)).toBe(
      '/usr/bin/chromium'
    )
    expect(findBrowser('linux', env, () => false)).toBeNull()
  })

  it('is found on macOS and Windows in its usual place', () => {
    expect(findBrowser('darwin', {}, (path) => path.includes('Edge'))).toMatch(/Microsoft Edge$/)
    expect(findBrowser('win32', { 'ProgramFiles(x86)': 'P' }, (path) => path.includes('msedge'))).toMatch(
      /^P.*msedge/
    )
  })
})

it('finds a command without a window in the command line of the packaged app', () => {
  expect(commandOf(['export', '--server', 'a'])).toEqual({ name: 'export', args: ['--server', 'a'] })
  expect(commandOf(['--no-sandbox', 'export', '--long'])).toEqual({ name: 'export', args: ['--long'] })
  expect(commandOf(['--export', '--long'])).toEqual({ name: 'export', args: ['--long'] })
  expect(commandOf(['--backup', '--out', 'export'])).toEqual({ name: 'backup', args: ['--out', 'export'] })
  expect(commandOf(['--demo'])).toBeNull()
  expect(commandOf([])).toBeNull()
})
