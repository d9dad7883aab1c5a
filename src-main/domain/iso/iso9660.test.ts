import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { isoImage } from './iso9660.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const AT_MS = Date.UTC(2026, 1, 3, 4, 5, 6)
const FILES = [
  { name: 'user-data', content: bytes('#cloud-config\nhostname: "a"\n') },
  { name: 'meta-data', content: bytes('instance-id: "b"\n') },
  { name: 'network-config', content: bytes(`version: 2\n${'x'.repeat(5_000)}`) },
  { name: 'empty', content: bytes('') }
]
const has = (tool: string): boolean => spawnSync(tool, ['--version']).error === undefined

const folder = mkdtempSync(join(tmpdir(), 'iso-'))
const image = join(folder, 'seed.iso')
writeFileSync(image, isoImage('cidata', FILES, AT_MS))
afterAll(() => rmSync(folder, { recursive: true }))

describe('an image for cloud-init', () => {
  it.skipIf(!has('isoinfo'))(
    'is read by isoinfo with its label and the exact names in both extensions',
    () => {
      const about = execFileSync('isoinfo', ['-d', '-i', image]).toString()
      expect(about).toContain('Volume id: cidata')
      expect(about).toContain('Joliet with UCS level 3 found')
      expect(about).toContain('Rock Ridge signatures version 1 found')
      for (const extension of ['-R', '-J']) {
        for (const { name, content } of FILES) {
          const read = execFileSync('isoinfo', [extension, '-x', `/${name}`, '-i', image])
          expect(read.equals(content), `${extension} ${name}`).toBe(true)
        }
      }
    }
  )

  it.skipIf(!has('xorriso'))('is unpacked by xorriso, byte for byte', () => {
    const into = join(folder, 'unpacked')
    execFileSync('xorriso', ['-osirrox', 'on', '-indev', image, '-extract', '/', into], { stdio: 'ignore' })
    for (const { name, content } of FILES)
      expect(readFileSync(join(into, name)).equals(content), name).toBe(true)
  })

  it.skipIf(!has('blkid'))('has the label by which cloud-init finds it', () => {
    const found = execFileSync('blkid', ['-p', '-o', 'export', image]).toString()
    expect(found).toContain('LABEL=cidata')
    expect(found).toContain('TYPE=iso9660')
  })

  it('gives names that look alike to old readers different plain names', () => {
    const twins = isoImage(
      'x',
      ['same-name-1', 'same-name-2'].map((name) => ({ name, content: bytes(name) })),
      AT_MS
    )
    const text = Buffer.from(twins).toString('latin1')
    expect(text).toContain('SAME_NAM.;1')
    expect(text).toContain('SAME_NA1.;1')
  })

  it('refuses what it has no place for', () => {
    const many = Array.from({ length: 40 }, (_, index) => ({ name: `file-${index}`, content: bytes('') }))
    expect(() => isoImage('x', many, AT_MS)).toThrow(RangeError)
    expect(() => isoImage('x', [{ name: 'a/b', content: bytes('') }], AT_MS)).toThrow(RangeError)
  })
})
