import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ExportSink } from '../application/platform/platform.ts'
import { downloadExportTarget } from './download-export-target.ts'
import { fileExportTarget } from './file-export-target.ts'

const forever = (): AbortSignal => new AbortController().signal

describe('file', () => {
  let folder: string
  let path: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'virthelm-export-'))
    path = join(folder, 'chart.csv')
  })
  afterEach(async () => {
    await chmod(folder, 0o700)
    await rm(folder, { recursive: true })
  })
  const open = async (): Promise<ExportSink> => {
    const sink = await fileExportTarget(async (name) => join(folder, name)).open('chart.csv', forever())
    if (sink === null) throw new Error('cancelled')
    return sink
  }

  it('takes its name when it is whole, and not before', async () => {
    await writeFile(path, 'old')
    const sink = await open()
    expect(sink).toMatchObject({ kind: 'file', location: path })
    await sink.write(Buffer.from('a,b\r\n'))
    await sink.write(Buffer.from('1,2\r\n'))
    expect(await readFile(path, 'utf8')).toBe('old')
    await sink.finish()
    expect(await readFile(path, 'utf8')).toBe('a,b\r\n1,2\r\n')
    expect(await readdir(folder)).toEqual(['chart.csv'])
  })

  it('leaves nothing behind when it is given up, twice over', async () => {
    await writeFile(path, 'old')
    const sink = await open()
    await sink.write(Buffer.from('half'))
    await sink.abort()
    await sink.abort()
    expect(await readdir(folder)).toEqual(['chart.csv'])
    expect(await readFile(path, 'utf8')).toBe('old')
  })

  it('is null when the operator cancelled', async () => {
    expect(await fileExportTarget(async () => null).open('chart.csv', forever())).toBeNull()
  })

  it('says which file cannot be written', async () => {
    const target = fileExportTarget(async () => join(folder, 'no', 'chart.csv'))
    await expect(target.open('chart.csv', forever())).rejects.toMatchObject({
      code: 'fileNotWritable',
      params: { path: join(folder, 'no', 'chart.csv') }
    })
  })

  it('says that the disk is full', async () => {
    // /dev/full is the kernel's own full disk; elsewhere there is none.
    const { openFileSink } = await import('./file-export-target.ts')
    const { open: openFile } = await import('node:fs/promises')
    const full = await openFile('/dev/full', 'w').catch(() => null)
    if (full === null) {
      console.log('No /dev/full on this system: the full disk is not tried.')
      return
    }
    const error: unknown = await full.writeFile('x').catch((cause: unknown) => cause)
    await full.close()
    expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC')
    const sink = await openFileSink(path)
    const spy = vi.spyOn(Object.getPrototypeOf(full) as { writeFile(): Promise<void> }, 'writeFile')
    spy.mockRejectedValueOnce(error)
    await expect(sink.write(Buffer.from('x'))).rejects.toMatchObject({ code: 'diskFull', params: { path } })
    spy.mockRestore()
    await sink.abort()
  })
})

describe('download', () => {
  const open = async (target = downloadExportTarget(), signal = forever()) => {
    const sink = await target.open('chart.csv', signal)
    if (sink === null) throw new Error('null')
    const id = sink.location.replace('/download/', '')
    return { target, sink, id }
  }

  it('is written while it is read, and given away once', async () => {
    const { target, sink, id } = await open()
    expect(Buffer.from(id, 'base64url').byteLength).toBeGreaterThanOrEqual(16)
    const writing = (async () => {
      for (let row = 0; row < 100; row++) await sink.write(Buffer.from(`${row},${'x'.repeat(1000)}\r\n`))
      await sink.finish()
    })()
    const body = new PassThrough({ highWaterMark: 2000 })
    const download = target.take(id)
    expect(download).toMatchObject({ fileName: 'chart.csv', contentType: 'text/csv; charset=utf-8' })
    expect(target.take(id)).toBeNull()
    download?.start(body)
    const received = await text(body)
    await writing
    expect(received.split('\r\n')).toHaveLength(101)
  })

  it('waits for a slow reader', async () => {
    const { target, sink, id } = await open()
    const body = new PassThrough({ highWaterMark: 10 })
    target.take(id)?.start(body)
    const writing = sink.write(Buffer.from('x'.repeat(1000)))
    let isWritten = false
    const marked = writing.then(() => (isWritten = true))
    await new Promise((resolve) => setImmediate(resolve))
    expect(isWritten).toBe(false)
    body.resume()
    await marked
    await sink.abort()
  })

  it('fails when nobody asks for it in time, or the export is cancelled before', async () => {
    const late = await open(downloadExportTarget(10))
    await expect(late.sink.write(Buffer.from('x'))).rejects.toMatchObject({ code: 'deadlineExceeded' })
    expect(late.target.take(late.id)).toBeNull()
    const controller = new AbortController()
    const cancelled = await open(downloadExportTarget(), controller.signal)
    controller.abort()
    await expect(cancelled.sink.write(Buffer.from('x'))).rejects.toMatchObject({ code: 'cancelled' })
    expect(cancelled.target.take(cancelled.id)).toBeNull()
  })

  it('fails when the browser leaves, and cuts it off when the export is given up', async () => {
    const left = await open()
    const body = new PassThrough({ highWaterMark: 10 })
    left.target.take(left.id)?.start(body)
    const writing = left.sink.write(Buffer.from('x'.repeat(100)))
    await new Promise((resolve) => setImmediate(resolve))
    body.destroy()
    await expect(writing).rejects.toMatchObject({ code: 'disconnected' })
    const given = await open()
    const second = new PassThrough()
    given.target.take(given.id)?.start(second)
    await given.sink.write(Buffer.from('half'))
    await given.sink.abort()
    expect(second.destroyed).toBe(true)
    await given.sink.abort()
  })
})
