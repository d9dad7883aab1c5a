import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quote } from './quote.ts'

const NAMES = process.env['VIRTHELM_LONG'] === '1' ? 10_000 : 1_000

const NASTY = [
  '',
  '-H',
  "'",
  "''",
  '"',
  '\\',
  "\\'",
  '$(touch canary)',
  '`touch canary`',
  ';touch canary',
  '|touch canary',
  '&& touch canary',
  '\ntouch canary\n',
  "';touch canary;'",
  '$HOME',
  '${IFS}',
  '*',
  '~',
  '!!',
  '#',
  '<b>',
  '>canary',
  '\u202e',
  '💥',
  '\r\n',
  '%s',
  'a\tb'
]

/** Names built from what shells find special, cut and joined anywhere. */
function names(count: number): string[] {
  const piece = fc.oneof(
    fc.constantFrom(...NASTY),
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.string({ unit: 'grapheme', maxLength: 12 })
  )
  const name = fc.array(piece, { maxLength: 4 }).map((parts) =>
    parts
      .join('')
      .replaceAll('\0', '')
      // Lone surrogates have no bytes of their own.
      .toWellFormed()
  )
  return [...NASTY, ...fc.sample(name, { numRuns: count - NASTY.length, seed: 20 })]
}

/** As /bin/sh itself, reading the script from stdin; and as the login shell that is given the one constant command. */
const COMMAND = 'exec /bin/sh -s'
const SHELLS: readonly (readonly [string, ...string[]])[] = [
  ['dash', '-s'],
  ['bash', '--posix', '-s'],
  ['busybox', 'sh', '-s'],
  ['bash', '-c', COMMAND],
  ['dash', '-c', COMMAND],
  ['zsh', '-c', COMMAND],
  ['fish', '-c', COMMAND],
  ['tcsh', '-c', COMMAND]
]
const present = ([command]: readonly [string, ...string[]]): boolean =>
  ['/bin', '/usr/bin'].some((folder) => existsSync(join(folder, command)))

describe('quote', () => {
  it('refuses what no shell word can hold', () => {
    expect(() => quote('a\0b')).toThrow(expect.objectContaining({ code: 'invalidInput' }))
  })

  for (const shell of SHELLS) {
    const reason = present(shell) ? '' : ' (skipped: not installed here)'
    it.skipIf(reason !== '')(`gives ${NAMES} names back unchanged: ${shell.join(' ')}${reason}`, () => {
      const folder = mkdtempSync(join(tmpdir(), 'virthelm-quote-'))
      const home = mkdtempSync(join(tmpdir(), 'virthelm-home-'))
      try {
        const all = names(NAMES)
        const script = all.map((name) => `printf '%s\\0' ${quote(name)}`).join('\n')
        const [command, ...args] = shell
        const printed = execFileSync(command, args, {
          input: script,
          cwd: folder,
          maxBuffer: 64 * 1024 * 1024,
          env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', HOME: home }
        })
        const back = printed.toString('utf8').split('\0').slice(0, -1)
        expect(back.length).toBe(all.length)
        expect(back.filter((name, index) => name !== all[index])).toEqual([])
        expect(readdirSync(folder)).toEqual([])
      } finally {
        rmSync(folder, { recursive: true })
        rmSync(home, { recursive: true })
      }
    })
  }
})
