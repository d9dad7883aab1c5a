import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Storage } from '../application/storage.ts'
import { readCsv } from '../../test/fakes/csv-reader.ts'
import { openAt } from '../storage/test-open.ts'
import {
  makeTemporaryFolder,
  removeFolder,
  serverRecord,
  serverTick,
  START_MS
} from '../storage/test-support.ts'
import { exportCommand } from './export-command.ts'
import { EXPORT_USAGE } from './export-options.ts'

const TICKS = 100
const NOW_MS = START_MS + TICKS * 5_000

let folder: string
let dataFolder: string
let storage: Storage

beforeAll(async () => {
  folder = makeTemporaryFolder()
  dataFolder = join(folder, 'data')
  storage = await openAt(dataFolder)
  for (const name of ['kvm-alpha', 'kvm-beta', '=evil']) {
    const record = serverRecord(name)
    await storage.servers.insert(record)
    const appended = Array.from({ length: name === 'kvm-beta' ? 0 : TICKS }, (_, count) =>
      storage.history.append(
        serverTick(record.id, START_MS + count * 5_000, { cpuUsedRatio: count / 100, load1: count / 10 })
      )
    )
    await Promise.all(appended)
  }
})
afterAll(async () => {
  await storage.close()
  removeFolder(folder)
})

let out: string
beforeEach(async () => {
  out = join(folder, `out-${Math.random()}`)
  await mkdir(out)
})

async function run(args: readonly string[], { signal = new AbortController().signal, isTTY = false } = {}) {
  const stdout = new PassThrough()
  const stderr = Object.assign(new PassThrough(), { isTTY })
  const said = Promise.all([text(stdout), text(stderr)])
  const code = await exportCommand(args, {
    openReader: async () => ({
      servers: storage.servers,
      history: storage.history,
      close: async () => undefined
    }),
    dataFolderOf: (chosen) => chosen ?? dataFolder,
    stdout,
    stderr,
    nowMs: NOW_MS,
    signal
  })
  stdout.end()
  stderr.end()
  const [output, errors] = await said
  return { code, output, errors }
}
const usual = [
  '--server',
  'KVM-alpha',
  '--from',
  '1h',
  '--utc',
  '--metric',
  'cpuUsedRatio',
  '--metric',
  'load1'
]

describe('npm run export', () => {
  it('writes a row per time and a column per metric, and takes its name at the end', async () => {
    const path = join(out, 'a.csv')
    expect(await run([...usual, '--out', path])).toEqual({
      code: 0,
      output: '',
      errors: `${TICKS} rows in ${path}\n`
    })
    const rows = readCsv(await readFile(path, 'utf8'))
    expect(rows[0]).toEqual(['time', 'kvm-alpha cpuUsedRatio [ratio]', 'kvm-alpha load1 [load]'])
    expect(rows).toHaveLength(TICKS + 1)
    expect(rows[51]).toEqual(['2026-01-05T10:04:10.000+00:00', '0.5', '5'])
    expect(await readdir(out)).toEqual(['a.csv'])
  })

  it('writes to the standard output, a row per value, of every server, by level', async () => {
    const args = ['--all-servers', '--from', '2026-01-05', '--utc', '--kind', 'server', '--metric', 'load1']
    const { code, output, errors } = await run([...args, '--level', 'minute', '--long', '--out', '-'])
    expect([code, errors]).toEqual([0, ''])
    const rows = readCsv(output)
    expect(rows[0]).toEqual(['time', 'server', 'kind', 'entity', 'metric', 'unit', 'mean', 'min', 'max'])
    expect(rows[1]).toEqual([
      '2026-01-05T10:00:00.000+00:00',
      'kvm-alpha',
      'server',
      '',
      'load1',
      'load',
      '0.55',
      '0',
      '1.1'
    ])
    expect(new Set(rows.slice(1).map((row) => row[1]))).toEqual(new Set(['kvm-alpha', "'=evil"]))
    expect(output.startsWith('time')).toBe(true)
  })

  it('shows how far it is on a terminal, and nothing of it elsewhere', async () => {
    const { errors } = await run([...usual, '--out', join(out, 'a.csv')], { isTTY: true })
    expect(errors).toMatch(/\r100 %, 100 rows/)
  })

  it.each([
    [['--server', 'kvm-alpa'], 'There is no server kvm-alpa. Did you mean kvm-alpha?'],
    [['--server', 'mail'], 'There is no server mail. Servers: kvm-alpha, kvm-beta, =evil.'],
    [['--from', 'yesterday'], '--from yesterday is no time. Write 2026-11-20'],
    [['--from', '1h', '--to', '2h'], 'The range is empty: --from 2026-01-05T09:08:20.000Z is not before'],
    [
      ['--metric', 'cpuUsed'],
      'There is no metric cpuUsed. Did you mean cpuUsedRatio? Metrics:\n  server: cpuUsedRatio'
    ],
    [['--metric', 'vm.load1'], 'There is no metric vm.load1.'],
    [['--kind', 'gpus'], 'There is no kind gpus. Kinds: server, core, disk'],
    [['--level', 'week'], 'There is no level week. Levels: raw, minute, hour, day.'],
    [['--out', '/no/such/folder/a.csv'], 'There is no folder /no/such/folder.'],
    [['--data-dir', '/no/such/data'], 'There is no data folder /no/such/data.'],
    [['--from'], '--from needs a value'],
    [['--fast'], 'Unknown option: --fast'],
    [['--long=yes'], '--long takes no value'],
    [['web'], 'Unexpected argument: web']
  ])('%j is refused in words, with code 2', async (wrong, words) => {
    const [option = ''] = wrong
    const base = { '--server': 'kvm-alpha', '--from': '1h', '--out': join(out, 'a.csv') }
    const rest = Object.entries(base).flatMap(([name, value]) => (wrong.includes(name) ? [] : [name, value]))
    const { code, errors } = await run(option.startsWith('--') ? [...rest, ...wrong] : [...wrong, ...rest])
    expect(errors).toContain(words)
    expect(code).toBe(2)
    expect(await readdir(out)).toEqual([])
  })

  it('says what is missing', async () => {
    expect((await run(['--from', '1h', '--out', '-'])).errors).toContain('Which server?')
    expect((await run(['--server', 'a', '--out', '-'])).errors).toContain('From when?')
    expect((await run(['--server', 'a', '--from', '1h'])).errors).toContain('Where to?')
    expect(await run(['--help'])).toEqual({ code: 0, output: EXPORT_USAGE, errors: '' })
  })

  it('writes over a file only when it is told to, and never into the data folder', async () => {
    const path = join(out, 'a.csv')
    await writeFile(path, 'mine')
    const { code, errors } = await run([...usual, '--out', path])
    expect([code, errors]).toEqual([2, `${path} is there already. Name another file, or add --force.\n`])
    expect(await readFile(path, 'utf8')).toBe('mine')
    expect((await run([...usual, '--out', path, '--force'])).code).toBe(0)
    expect(await readFile(path, 'utf8')).toContain('cpuUsedRatio')
    const inside = await run([...usual, '--force', '--out', join(dataFolder, 'history.sqlite')])
    expect(inside).toMatchObject({
      code: 2,
      errors: expect.stringContaining('lies in the data folder') as string
    })
  })

  it('ends with 1 and no file when there is nothing, or when it is interrupted', async () => {
    const nothing = await run(['--server', 'kvm-beta', '--from', '1h', '--out', join(out, 'a.csv')])
    expect(nothing).toMatchObject({
      code: 1,
      errors: expect.stringContaining('There are no values') as string
    })
    const controller = new AbortController()
    controller.abort()
    const stopped = await run([...usual, '--out', join(out, 'a.csv')], { signal: controller.signal })
    expect(stopped).toMatchObject({ code: 1, errors: 'Interrupted; nothing was written.\n' })
    expect(await readdir(out)).toEqual([])
  })
})
