/** The whole console killed (SIGKILL) again and again while it samples: every row it has ever shown is there afterwards. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, expect, it } from 'vitest'
import WebSocket from 'ws'
import type { HistoryAnswer } from '#contract/history.ts'
import type { ServerId } from '#contract/ids.ts'
import { contract, type VirthelmContract } from '#contract/index.ts'
import { createClient, type Client } from '../../src-renderer/rpc/client.ts'
import { openWebSocketPort } from '../../src-renderer/rpc/ports/websocket.ts'
import { removeFolder, startConsole, type ConsoleProcess } from './harness.ts'

const CYCLES = process.env['VIRTHELM_LONG'] === '1' ? 100 : 10
const METRICS = ['cpuUsedRatio', 'load1', 'memoryUsedBytes']
const SETTLED_DEADLINE_MS = 20_000

let folder: string
let startedAtMs: number

beforeAll(async () => {
  startedAtMs = Date.now()
  const first = await startConsole(['--demo'])
  folder = first.dataFolder
  const client = await connect(first.address)
  await client.call('settings.change', { intervalMs: 2_000 })
  await first.stop()
})

afterAll(() => removeFolder(folder))

/** A window's connection, without a window: the printed address gives the session. */
async function connect(address: string): Promise<Client<VirthelmContract>> {
  const { origin, host } = new URL(address)
  const page = await fetch(address, { redirect: 'manual' })
  const cookie = page.headers.get('set-cookie')?.split(';')[0] ?? ''
  const port = await openWebSocketPort(
    `ws://${host}/rpc`,
    // The same events and methods as a browser's socket, which cannot set these headers.
    (url) => new WebSocket(url, { headers: { cookie, origin } }) as unknown as globalThis.WebSocket
  )
  return createClient(contract, port)
}

async function serverIds(client: Client<VirthelmContract>): Promise<ServerId[]> {
  for await (const event of client.stream('servers.watch', {})) {
    if (event.kind === 'snapshot') return event.servers.map((server) => server.record.id)
  }
  throw new Error('no list came')
}

function readAll(client: Client<VirthelmContract>, serverId: ServerId): Promise<HistoryAnswer> {
  return client.call('history.read', {
    series: [{ entity: { serverId, kind: 'server', key: '' }, metrics: METRICS }],
    fromAtMs: startedAtMs,
    toAtMs: Date.now() + 1_000,
    maxPoints: 20_000
  })
}

/** Rows by server and time; a row that a reader has seen is a row that was promised. */
type Ledger = Map<string, string>

/** Enters every row that can be read now; how many rows are known then. */
async function enter(ledger: Ledger, client: Client<VirthelmContract>): Promise<number> {
  for (const serverId of await serverIds(client)) {
    const answer = await readAll(client, serverId)
    expect(answer.level).toBe('raw')
    answer.atMs.forEach((atMs, index) => {
      const values = answer.series.map((series) => series.mean[index] ?? null)
      if (values.some((value) => value !== null)) ledger.set(`${serverId} ${atMs}`, JSON.stringify(values))
    })
  }
  return ledger.size
}

/** Lets it sample for a while, then kills it in the middle of that. */
async function killWhileSampling(cycle: number, ledger: Ledger): Promise<void> {
  const console_: ConsoleProcess = await startConsole(['--demo'], folder)
  const exited = new Promise((done) => console_.process.once('exit', done))
  const client = await connect(console_.address)
  const known = ledger.size
  await expect.poll(() => enter(ledger, client), { timeout: SETTLED_DEADLINE_MS }).toBeGreaterThan(known + 6)
  // Another moment each time: in the middle of a commit, of a tick, of a login.
  await sleep((cycle * 137) % 1_000)
  await enter(ledger, client)
  console_.process.kill('SIGKILL')
  await exited
}

it(
  `loses no row that it has shown, in ${CYCLES} kills`,
  async () => {
    const ledger: Ledger = new Map()
    for (let cycle = 0; cycle < CYCLES; cycle++) await killWhileSampling(cycle, ledger)
    expect(ledger.size).toBeGreaterThan(CYCLES * 6)

    const last = await startConsole(['--demo'], folder)
    const after: Ledger = new Map()
    await enter(after, await connect(last.address))
    expect([...ledger].filter(([row, values]) => after.get(row) !== values)).toEqual([])
    expect(await last.stop()).toBe(0)
    for (const file of ['console.sqlite', 'history.sqlite']) {
      const database = new Database(join(folder, 'demo', file), { readonly: true })
      expect(database.pragma('integrity_check', { simple: true })).toBe('ok')
      database.close()
    }
  },
  CYCLES * 30_000
)
