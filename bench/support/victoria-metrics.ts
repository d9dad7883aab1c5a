/** A VictoriaMetrics of Debian's package beside the benchmark: the same samples in, its bytes on the disk and its answers out. */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const BINARY = '/usr/bin/victoria-metrics'
const START_DEADLINE_MS = 20_000

export interface PeerSeries {
  readonly labels: Readonly<Record<string, string>>
  readonly values: readonly number[]
  readonly atMs: readonly number[]
}

export interface VictoriaMetrics {
  /** Takes series in, as JSON lines: many samples of a series at once, which is the cheapest way for it. */
  take(series: readonly PeerSeries[]): Promise<void>
  /** CPU that it has used so far, in microseconds. */
  cpuUs(): number
  /** Milliseconds of one range query. */
  timeRead(selector: string, fromMs: number, toMs: number, stepMs: number): Promise<number>
  /** Ends it when all is merged; resolves with the bytes of its data and index. */
  bytesWhenMerged(): Promise<number>
  close(): Promise<void>
}

function bytesBelow(path: string): number {
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.size
  return readdirSync(path).reduce((sum, name) => sum + bytesBelow(join(path, name)), 0)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  server.close()
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** null when the package is not installed. */
export async function startVictoriaMetrics(): Promise<VictoriaMetrics | null> {
  if (!existsSync(BINARY)) return null
  const folder = mkdtempSync(join(tmpdir(), 'virthelm-bench-vm-'))
  const base = `http://127.0.0.1:${await freePort()}`
  const options = [`-storageDataPath=${folder}`, `-httpListenAddr=${base.slice(7)}`, '-retentionPeriod=100y']
  const child = spawn(BINARY, options, { stdio: 'ignore' })
  const exited = new Promise((resolve) => child.once('exit', resolve))
  const get = async (path: string, body?: string): Promise<string> => {
    const answer = await fetch(base + path, body === undefined ? {} : { method: 'POST', body })
    if (!answer.ok) throw new Error(`VictoriaMetrics: ${answer.status} ${await answer.text()}`)
    return answer.text()
  }
  const end = async (): Promise<void> => {
    child.kill('SIGINT')
    await exited
  }
  const deadlineMs = Date.now() + START_DEADLINE_MS
  for (;;) {
    try {
      await get('/health')
      break
    } catch (error) {
      if (Date.now() > deadlineMs) throw error
      await sleep(100)
    }
  }
  return {
    async take(series) {
      const lines = series.map(({ labels, values, atMs }) =>
        JSON.stringify({ metric: labels, values, timestamps: atMs })
      )
      await get('/api/v1/import', lines.join('\n'))
    },
    cpuUs() {
      const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
      // User and system time in ticks of 10 ms: fields 14 and 15 of the line.
      return (Number(fields[11]) + Number(fields[12])) * 10_000
    },
    async timeRead(selector, fromMs, toMs, stepMs) {
      const query = new URLSearchParams({
        query: selector,
        start: String(fromMs / 1_000),
        end: String(toMs / 1_000),
        step: String(stepMs / 1_000)
      })
      const since = performance.now()
      JSON.parse(await get(`/api/v1/query_range?${query.toString()}`))
      return performance.now() - since
    },
    async bytesWhenMerged() {
      await get('/internal/force_flush')
      await get('/internal/force_merge')
      await sleep(3_000)
      await end()
      return bytesBelow(join(folder, 'data')) + bytesBelow(join(folder, 'indexdb'))
    },
    async close() {
      await end()
      rmSync(folder, { recursive: true, force: true })
    }
  }
}
