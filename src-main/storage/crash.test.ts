import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { expect, it } from 'vitest'
import type { RowBatch } from '../application/storage.ts'
import { ServerId } from '#contract/ids.ts'
import { openAt, workerUrl } from './test-open.ts'
import { makeTemporaryFolder, never, removeFolder, START_MS } from './test-support.ts'

const CYCLES = process.env.VIRTHELM_LONG === '1' ? 1_000 : 100
/** Of one cycle; so that hours are sealed under way. */
const CYCLE_MS = 1_200_000

/** Runs the victim and kills it after so many acknowledged lines. Returns what it acknowledged. */
async function crash(folder: string, startMs: number, afterLines: number): Promise<string[]> {
  const script = new URL('./crash-child.ts', import.meta.url)
  const child = spawn(process.execPath, [script.pathname, folder, String(startMs), workerUrl.href], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line)
    if (lines.length === afterLines) child.kill('SIGKILL')
  }
  return lines
}

function integrity(folder: string, file: string): unknown {
  const db = new BetterSqlite3(join(folder, file), { readonly: true })
  try {
    return db.pragma('integrity_check', { simple: true })
  } finally {
    db.close()
  }
}

it(
  'no acknowledged row is lost when the console is killed',
  async () => {
    const folder = makeTemporaryFolder()
    const ticks = new Map<string, string>()
    const journal = new Map<number, string>()
    const servers = new Set<string>()
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      const lines = await crash(folder, START_MS + cycle * CYCLE_MS, 2 + ((cycle * 37) % 190))
      for (const line of lines) {
        const [what, id = '', at = '', ...rest] = line.split(' ')
        if (what === 'tick') ticks.set(`${id} ${at}`, rest.join(' '))
        if (what === 'journal') journal.set(Number(id), [at, ...rest].join(' '))
        if (what === 'server') servers.add(id)
      }
    }
    expect(ticks.size + journal.size + servers.size).toBeGreaterThan(CYCLES)

    const storage = await openAt(folder, START_MS + CYCLES * CYCLE_MS)
    const kept = await storage.servers.list()
    expect([...servers].filter((id) => !kept.some((server) => server.record.id === id))).toEqual([])

    const written = await storage.journal.list({ limit: 1_000_000 })
    const commands = new Map(written.map((entry) => [entry.id, entry.command]))
    expect([...journal].filter(([id, command]) => commands.get(id) !== command)).toEqual([])

    const found = new Map<string, number>()
    for (const number of [1, 2, 3]) {
      const serverId = ServerId.parse(`00000000-0000-4000-8000-00000000000${number}`)
      const series = [
        {
          entity: { serverId, kind: 'server' as const, key: '' },
          metrics: ['processesTotal', 'cpuUsedRatio']
        }
      ]
      const range = { fromAtMs: START_MS, toAtMs: START_MS + CYCLES * CYCLE_MS, level: 'raw' as const }
      const take = ({ atMs, values }: RowBatch): void => {
        for (const [index, at] of atMs.entries()) {
          const total = values[index * 2] ?? NaN
          // A row is whole or not there.
          expect(values[index * 2 + 1]).toBe((total % 100) / 100)
          found.set(`${serverId} ${at}`, total)
        }
      }
      for await (const batch of storage.history.rows({ series, ...range }, never)) take(batch)
    }
    expect([...ticks].filter(([name, total]) => String(found.get(name)) !== total)).toEqual([])
    expect((await storage.health()).databaseRecovered).toBeNull()
    await storage.close()
    expect([integrity(folder, 'console.sqlite'), integrity(folder, 'history.sqlite')]).toEqual(['ok', 'ok'])
    removeFolder(folder)
  },
  CYCLES * 6_000 + 60_000
)
