import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { expect, it } from 'vitest'
import { ServerId } from '#contract/ids.ts'
import { openAt, workerUrl } from '../test-open.ts'
import { makeTemporaryFolder, never, removeFolder, START_MS } from '../test-support.ts'

const CYCLES = process.env.VIRTHELM_LONG === '1' ? 100 : 10
/** More than one life has readings for. */
const CYCLE_MS = 30 * 3_600_000

/** Runs the victim and kills it after so many acknowledged readings. Returns all that it acknowledged. */
async function crash(folder: string, startMs: number, afterLines: number): Promise<string[]> {
  const script = new URL('./victim.ts', import.meta.url)
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

it(
  'no acknowledged reading of processes is lost when the console is killed',
  async () => {
    const folder = makeTemporaryFolder()
    const said = new Map<number, number>()
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      // Within an hour, right at its end, and after hours were sealed.
      const lines = await crash(folder, START_MS + cycle * CYCLE_MS, 2 + ((cycle * 37) % 60))
      for (const line of lines) {
        const [atMs, bytes] = line.split(' ').map(Number)
        said.set(atMs ?? Number.NaN, bytes ?? Number.NaN)
      }
    }
    expect(said.size).toBeGreaterThan(CYCLES)
    const storage = await openAt(folder, START_MS + CYCLES * CYCLE_MS)
    const kept = await storage.processes.series(
      {
        serverId: ServerId.parse('00000000-0000-4000-8000-000000000001'),
        process: { pid: 812, startTicks: 4711 },
        fromAtMs: START_MS,
        toAtMs: START_MS + CYCLES * CYCLE_MS
      },
      never
    )
    const found = new Map(kept.map(({ atMs, process }) => [atMs, process?.residentBytes ?? null]))
    expect([...said].filter(([atMs, bytes]) => found.get(atMs) !== bytes)).toEqual([])
    expect((await storage.health()).databaseRecovered).toBeNull()
    await storage.close()
    removeFolder(folder)
  },
  CYCLES * 6_000 + 60_000
)
