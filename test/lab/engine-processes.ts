/** Real time-series engines of Debian's packages, on loopback, each with a folder and a free port of its own. */
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { eventually } from './faults.ts'

const BINARIES = {
  influxd: '/usr/bin/influxd',
  'victoria-metrics': '/usr/bin/victoria-metrics',
  prometheus: '/usr/bin/prometheus'
} as const
export type EngineKind = keyof typeof BINARIES

/** Why the engines cannot be tested here, or null. */
export function whyNoEngines(): string | null {
  const missing = Object.entries(BINARIES).flatMap(([name, path]) => (existsSync(path) ? [] : [name]))
  return missing.length === 0 ? null : `not installed: ${missing.join(', ')} (test/lab/packages.txt)`
}

const START_DEADLINE_MS = 30_000

export class EngineProcess {
  readonly kind: EngineKind
  readonly address: string
  readonly #folder: string
  readonly #port: number
  readonly #options: { readonly auth: boolean }
  #child: ChildProcess | null = null
  #output = ''

  private constructor(kind: EngineKind, folder: string, port: number, options: { readonly auth: boolean }) {
    this.kind = kind
    this.address = `http://127.0.0.1:${String(port)}`
    this.#folder = folder
    this.#port = port
    this.#options = options
  }

  /** `auth`: influxd asks for a login. */
  static async start(kind: EngineKind, folder: string, options = { auth: false }): Promise<EngineProcess> {
    const engine = new EngineProcess(kind, folder, await freePort(), options)
    await engine.start()
    return engine
  }

  get running(): boolean {
    return this.#child !== null
  }

  /** On the same port and over the same data as before. */
  async start(): Promise<void> {
    const child = spawn(BINARIES[this.kind], this.#args(), { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (this.#output = (this.#output + chunk.toString()).slice(-4_000)))
    }
    const ping = { influxd: '/ping', 'victoria-metrics': '/health', prometheus: '/-/ready' }[this.kind]
    await eventually(
      `${this.kind} is ready`,
      async () => {
        if (child.exitCode !== null) throw new Error(`${this.kind} ended: ${this.#output}`)
        const answer = await fetch(this.address + ping).catch(() => null)
        return answer?.ok === true
      },
      START_DEADLINE_MS
    )
  }

  /** Resolves when it has ended. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#child
    this.#child = null
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }

  #args(): string[] {
    const listen = `127.0.0.1:${String(this.#port)}`
    const data = join(this.#folder, `${this.kind}-${String(this.#port)}`)
    switch (this.kind) {
      case 'influxd': {
        const config = `${data}.conf`
        writeFileSync(config, influxConfig(data, listen, this.#options.auth))
        return ['run', '-config', config]
      }
      case 'victoria-metrics':
        return [
          `-storageDataPath=${data}`,
          `-httpListenAddr=${listen}`,
          '-retentionPeriod=100y',
          // Samples of one series in the same millisecond are one: what was sent twice counts once.
          '-dedup.minScrapeInterval=1ms'
        ]
      case 'prometheus': {
        const config = `${data}.yml`
        writeFileSync(config, 'global: {}\n')
        return [
          `--config.file=${config}`,
          `--storage.tsdb.path=${data}`,
          `--web.listen-address=${listen}`,
          '--web.enable-remote-write-receiver'
        ]
      }
    }
  }
}

const influxConfig = (data: string, listen: string, auth: boolean): string => `
reporting-disabled = true
bind-address = "127.0.0.1:0"
[meta]
dir = "${data}/meta"
[data]
dir = "${data}/data"
wal-dir = "${data}/wal"
[monitor]
store-enabled = false
[http]
bind-address = "${listen}"
auth-enabled = ${String(auth)}
log-enabled = false
`

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** One sample as an engine tells it. */
export type StoredSample = readonly [
  name: string,
  labels: Record<string, string>,
  value: number,
  atMs: number
]

/** Every sample of this console that the engine has, by its own API. Influx's are of the database `virthelm`. */
export async function storedSamples(engine: EngineProcess): Promise<StoredSample[]> {
  switch (engine.kind) {
    case 'influxd':
      return influxSamples(engine.address)
    case 'victoria-metrics':
      return victoriaSamples(engine.address)
    case 'prometheus':
      return prometheusSamples(engine.address)
  }
}

interface InfluxAnswer {
  readonly results: readonly {
    readonly series?: readonly {
      readonly name: string
      readonly tags: Record<string, string>
      readonly columns: readonly string[]
      readonly values: readonly (readonly (number | null)[])[]
    }[]
  }[]
}

async function influxSamples(address: string): Promise<StoredSample[]> {
  const { results } = await influxQuery<InfluxAnswer>(address, 'SELECT * FROM /virthelm_.*/ GROUP BY *')
  return (results[0]?.series ?? []).flatMap(({ name, tags, columns, values }) =>
    values.flatMap((row) =>
      row.slice(1).flatMap((value, index): StoredSample[] => {
        const present = Object.fromEntries(Object.entries(tags).filter(([, text]) => text !== ''))
        return value === null
          ? []
          : [[`${name}_${String(columns[index + 1])}`, present, value, Number(row[0])]]
      })
    )
  )
}

export async function influxQuery<T>(address: string, query: string, login = ''): Promise<T> {
  const url = new URL(`${address}/query`)
  url.search = new URLSearchParams({ q: query, db: 'virthelm', epoch: 'ms' }).toString()
  const headers = login === '' ? {} : { authorization: `Basic ${btoa(login)}` }
  const answer = await fetch(url, { method: 'POST', headers })
  const text = await answer.text()
  if (!answer.ok || text.includes('"error"')) throw new Error(`${query}: ${text}`)
  return JSON.parse(text) as T
}

async function victoriaSamples(address: string): Promise<StoredSample[]> {
  // What came in last is not searchable at once.
  await fetch(`${address}/internal/force_flush`)
  const text = await (await fetch(`${address}/api/v1/export?match[]={__name__=~"virthelm_.*"}`)).text()
  return text
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => {
      const series = JSON.parse(line) as {
        metric: Record<string, string>
        values: number[]
        timestamps: number[]
      }
      // `db` is what VictoriaMetrics adds of the address of line protocol.
      const { __name__: name = '', db: _db, ...labels } = series.metric
      return series.values.map((value, index): StoredSample => [
        name,
        labels,
        value,
        series.timestamps[index] ?? 0
      ])
    })
}

async function prometheusSamples(address: string): Promise<StoredSample[]> {
  const body = new URLSearchParams({ query: '{__name__=~"virthelm_.+"}[3h]' })
  const answer = (await (await fetch(`${address}/api/v1/query`, { method: 'POST', body })).json()) as {
    data: { result: { metric: Record<string, string>; values: [number, string][] }[] }
  }
  return answer.data.result.flatMap(({ metric: { __name__: name = '', ...labels }, values }) =>
    values.map(([at, value]): StoredSample => [name, labels, Number(value), Math.round(at * 1_000)])
  )
}
