import { execFileSync, spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { sha512Crypt } from './sha512-crypt.ts'

const hasOpenssl = spawnSync('openssl', ['version']).status === 0

describe('password hashes', () => {
  it('are those of the specification', () => {
    expect(sha512Crypt('Hello world!', 'saltstring')).toBe(
      '$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1'
    )
  })

  it.skipIf(!hasOpenssl)('are those of another program, for every length that is a case of its own', () => {
    for (const length of [1, 8, 31, 63, 64, 65, 127, 128, 130]) {
      const password = 'pä'.repeat(length).slice(0, length)
      const other = execFileSync('openssl', ['passwd', '-6', '-salt', 'abcdefgh./012345', '-stdin'], {
        input: `${password}\n`
      })
      expect(sha512Crypt(password, 'abcdefgh./012345')).toBe(other.toString().trim())
    }
  })

  it('differ each time', () => {
    expect(sha512Crypt('a')).not.toBe(sha512Crypt('a'))
    expect(sha512Crypt('a')).toMatch(/^\$6\$[./0-9A-Za-z]{16}\$[./0-9A-Za-z]{86}$/)
  })
})
