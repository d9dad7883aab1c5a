import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readTar, tarBytes, tarEnd, tarHeader, tarPadding } from './tar.ts'

const run = promisify(execFile)

function archiveOf(files: readonly (readonly [string, Uint8Array])[]): Buffer {
  const parts = files.flatMap(([name, bytes]) => [
    tarHeader(name, bytes.byteLength, Date.UTC(2026, 0)),
    bytes,
    tarPadding(bytes.byteLength)
  ])
  return Buffer.concat([...parts, tarEnd()])
}

/** The archive in pieces of the given sizes, over and over. */
async function* inPieces(archive: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array, void> {
  for (let at = 0, turn = 0; at < archive.byteLength; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    yield archive.subarray(at, at + size)
    at += size
  }
}

async function filesOf(source: AsyncIterable<Uint8Array>): Promise<[string, string][]> {
  const files: [string, string][] = []
  for await (const { name, bytes } of readTar(source)) {
    let hex = ''
    for await (const piece of bytes) hex += Buffer.from(piece).toString('hex')
    files.push([name, hex])
  }
  return files
}

describe('tar', () => {
  it('gives back what was put in, however the bytes come', async () => {
    const file = fc.tuple(fc.stringMatching(/^[a-z]{1,12}\.sqlite$/), fc.uint8Array({ maxLength: 2_000 }))
    const sizes = fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1, maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(fc.array(file, { maxLength: 4 }), sizes, async (files, pieces) => {
        const archive = archiveOf(files)
        expect(archive.byteLength).toBe(tarBytes(files.map(([, bytes]) => bytes.byteLength)))
        expect(await filesOf(inPieces(archive, pieces))).toEqual(
          files.map(([name, bytes]) => [name, Buffer.from(bytes).toString('hex')])
        )
      }),
      { numRuns: 200 }
    )
  })

  it('fails in words wherever it is cut off or changed, and never in another way', async () => {
    const archive = archiveOf([
      ['a', Buffer.alloc(700, 1)],
      ['b', Buffer.alloc(10, 2)]
    ])
    const damage = fc.record({
      cut: fc.nat(archive.byteLength),
      at: fc.nat(archive.byteLength - 1),
      to: fc.nat(255)
    })
    await fc.assert(
      fc.asyncProperty(damage, async ({ cut, at, to }) => {
        const bytes = Buffer.from(archive.subarray(0, cut))
        if (at < cut) bytes[at] = to
        await filesOf(inPieces(bytes, [512])).catch((error: unknown) => {
          expect(error).toMatchObject({ code: 'backupInvalid' })
        })
      }),
      { numRuns: 500 }
    )
    await expect(filesOf(inPieces(archive.subarray(0, 900), [100]))).rejects.toMatchObject({
      params: { reason: 'cutOff' }
    })
    await expect(filesOf(inPieces(Buffer.alloc(2_000, 'x'), [100]))).rejects.toMatchObject({
      params: { reason: 'notABackup' }
    })
  })

  it('holds sizes beyond 8 GiB', async () => {
    const header = tarHeader('history.sqlite', 2 ** 33 + 5, 0)
    const first = await readTar(inPieces(header, [512])).next()
    expect(first.value).toMatchObject({ name: 'history.sqlite', sizeBytes: 2 ** 33 + 5 })
  })

  it.skipIf(process.platform === 'win32')(
    'is understood by the system’s tar, and understands it',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'virthelm-tar-'))
      try {
        writeFileSync(
          join(folder, 'made.tar'),
          archiveOf([
            ['a.json', Buffer.from('{}')],
            ['b', Buffer.alloc(1_024, 7)]
          ])
        )
        await run('tar', ['-xf', 'made.tar'], { cwd: folder })
        expect(readFileSync(join(folder, 'a.json'), 'utf8')).toBe('{}')
        expect(readFileSync(join(folder, 'b'))).toEqual(Buffer.alloc(1_024, 7))
        await run('tar', ['-cf', 'theirs.tar', './a.json', 'b'], { cwd: folder })
        const files = await filesOf(inPieces(readFileSync(join(folder, 'theirs.tar')), [4_096]))
        expect(files.map(([name]) => name)).toEqual(['a.json', 'b'])
      } finally {
        rmSync(folder, { recursive: true })
      }
    }
  )
})
