import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseSudoTrial, type SudoCommand, sudoersFix, sudoState } from './sudo.ts'

const RUNS = process.env.VIRTHELM_LONG === '1' ? 10_000 : 1_000
const SMART: SudoCommand = { program: 'smartctl', args: null }
const TABLES: SudoCommand = { program: 'cat', args: '/sys/firmware/dmi/tables/DMI' }
const ODD: SudoCommand = { program: 'tool', args: '--json=o,1 a:b' }
const asked = [SMART, TABLES, ODD]

describe('what a trial of sudo says', () => {
  const state = (text: string) => sudoState(parseSudoTrial(text, asked))

  it('works for root, where everything is allowed, and where each command is', () => {
    const works = { works: true, cause: null, fix: null }
    expect(state('root\n')).toEqual(works)
    expect(state('sudo\nall\nfound 0 /usr/sbin/smartctl\n')).toEqual(works)
    expect(state('sudo\nfound 0 /usr/sbin/smartctl\nruns 0\nfound 1 /usr/bin/cat\nruns 1')).toEqual(works)
  })

  it('is a missing tool, or a line that allows exactly the commands that are there', () => {
    expect(state('')).toMatchObject({ works: false, cause: 'toolMissing' })
    expect(state('sudo\nfound 0 /usr/sbin/smartctl\nruns 0\nfound 1 /usr/bin/cat')).toEqual({
      works: false,
      cause: 'permissionDenied',
      fix: 'echo "$USER ALL=(root) NOPASSWD: /usr/bin/cat /sys/firmware/dmi/tables/DMI, /usr/sbin/smartctl" | sudo EDITOR=tee visudo -f /etc/sudoers.d/virthelm'
    })
    expect(state('sudo\n')).toEqual({ works: false, cause: 'permissionDenied', fix: null })
  })

  it('escapes what sudoers reads as its own', () => {
    const fix = sudoersFix([{ command: ODD, path: '/usr/bin/tool', runs: false }])
    expect(fix).toContain(String.raw`/usr/bin/tool --json\\=o\\,1 a\\:b`)
  })

  it('never takes a path of the server’s into a line to copy', () => {
    expect(
      parseSudoTrial('sudo\nfound 1 /home/op/bin/cat\nfound 1 /usr/bin/dog\nfound 9 /usr/bin/cat', asked)
        .commands
    ).toEqual([])
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.nat(2), (noise, index) => {
        const { commands } = parseSudoTrial(`sudo\nfound ${index} ${noise}\n${noise}`, asked)
        for (const { path } of commands)
          expect(path).toMatch(/^\/(usr\/)?(local\/)?s?bin\/(smartctl|cat|tool)$/)
      }),
      { numRuns: RUNS }
    )
  })
})
