import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AppError } from '#contract/errors.ts'
import { createSecret } from '../remote/ssh/secret.ts'
import { openFileLog } from './log.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'virthelm-log-'))
})
afterEach(() => rm(folder, { recursive: true }))

const linesOf = async (path: string): Promise<Record<string, unknown>[]> =>
  (await readFile(path, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

describe('file log', () => {
  it('writes one JSON line per event, for this user only', async () => {
    const log = openFileLog({ folder: join(folder, 'log') })
    log.info('server.connected', { serverId: 's1', attempts: 2 })
    log.debug('not.written')
    await log.close()
    expect(await linesOf(log.path)).toEqual([
      { level: 'info', time: expect.any(String), event: 'server.connected', serverId: 's1', attempts: 2 }
    ])
    expect((await stat(log.path)).mode & 0o077).toBe(0)
  })

  it('gives errors an incident id and writes their causes under it', async () => {
    const log = openFileLog({ folder })
    const cause = new Error('outer', { cause: new AppError('diskFull', { params: { path: '/data' } }) })
    const incidentId = log.error('rpc.failed', cause, { name: 'servers.add' })
    expect(incidentId).toMatch(/^[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}$/)
    await log.close()
    expect((await linesOf(log.path))[0]).toMatchObject({
      level: 'error',
      incidentId,
      name: 'servers.add',
      cause: { message: 'outer', cause: { type: 'AppError', code: 'diskFull', params: { path: '/data' } } }
    })
  })

  it('never writes a secret, whatever it is wrapped in', async () => {
    const log = openFileLog({ folder, level: 'debug' })
    const canary = 'hunter2-canary'
    const secret = createSecret(canary)
    log.debug('a', { secret, nested: { list: [secret], text: `${String(secret)}` } })
    log.info('b', {
      password: canary,
      settings: { passphrase: canary, privateKey: canary, authToken: canary }
    })
    log.warn('c', { request: { Cookie: canary, authorization: [canary] } })
    log.error('d', Object.assign(new Error('x'), { password: canary, secret }), { credentials: { canary } })
    await log.close()
    const written = await readFile(log.path, 'utf8')
    expect(written.match(/\[redacted\]/g)?.length).toBeGreaterThanOrEqual(9)
    expect(written).not.toContain(canary)
  })

  it('takes anything: loops, functions, large texts and binary', async () => {
    const log = openFileLog({ folder })
    const loop: Record<string, unknown> = {}
    loop['self'] = loop
    log.info('odd', {
      loop,
      big: 'x'.repeat(100_000),
      bytes: new Uint8Array(1000),
      many: Array.from({ length: 1000 }, (_, index) => index),
      count: 10n,
      call: () => 1,
      none: undefined
    })
    await log.close()
    const [line] = await linesOf(log.path)
    expect(line).toMatchObject({ event: 'odd', bytes: '[1000 bytes]', count: '10', call: '[function]' })
    expect((await stat(log.path)).size).toBeLessThan(5_000)
  })

  it('stays within its size and keeps the newest lines', async () => {
    const options = { folder, maxBytes: 10_000, files: 3 }
    for (let run = 0; run < 4; run++) {
      const log = openFileLog(options)
      for (let line = 0; line < 1000; line++) log.info('tick', { number: run * 1000 + line })
      await log.close()
    }
    const files = (await readdir(folder)).sort()
    expect(files).toEqual(['virthelm.1.log', 'virthelm.2.log', 'virthelm.log'])
    for (const file of files) expect((await stat(join(folder, file))).size).toBeLessThan(25_000)
    expect((await linesOf(join(folder, 'virthelm.log'))).at(-1)).toMatchObject({ number: 3999 })
  })
})
