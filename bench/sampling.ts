/**
 * What one sample costs the server: the resident shell, one compound exec with the same content, and a scrape of
 * prometheus-node-exporter, interleaved in the same run.  `npm run bench -- sampling [--json] [--ticks N]`. As root.
 */
import { parseArgs } from 'node:util'
import { constants, createDeflate } from 'node:zlib'
import { systemClock } from '../src-main/application/clock.ts'
import type { Connection, ShellChannel } from '../src-main/application/servers/connection.ts'
import { FRAME_FILES } from '../src-main/domain/metrics/frame.ts'
import { createHostSampler } from '../src-main/remote/sampler/index.ts'
import { makeBench, makeRequest, trust } from '../src-main/remote/ssh/testing/setup.ts'
import {
  freePort,
  type LocalSshd,
  type MeasuredProcess,
  startMeasured,
  startSshd,
  until
} from './support/local-sshd.ts'

const { values: options } = parseArgs({
  options: { json: { type: 'boolean', default: false }, ticks: { type: 'string', default: '500' } }
})
const ticks = Math.max(10, Number(options.ticks))
const PAUSE_MS = 20
const signal = new AbortController().signal
const { log } = makeBench()

// So that `exit` listeners end what was started.
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => process.exit(130))

interface Variant {
  readonly name: string
  readonly process: MeasuredProcess
  /** Resolves with the bytes that came. */
  tick(): Promise<number>
}

interface Measured {
  readonly cpuMs: number[]
  readonly latencyMs: number[]
  readonly bytes: number[]
  forks: number | null
}

async function connect(sshd: LocalSshd): Promise<Connection> {
  const bench = makeBench()
  const request = makeRequest({
    port: sshd.port,
    settings: { user: sshd.user, keyFiles: [sshd.keyFile] }
  })
  await trust(bench, request)
  return bench.connector.connect(request)
}

/** Counts what the channels of a connection say. */
function counting(connection: Connection, count: (chunk: Uint8Array) => void): Connection {
  const channel = (inner: ShellChannel): ShellChannel => ({
    ...inner,
    write: (text) => inner.write(text),
    end: () => {
      inner.end()
    },
    close: () => {
      inner.close()
    },
    onErrorData: (listener) => {
      inner.onErrorData(listener)
    },
    closed: inner.closed,
    onData: (listener) => {
      inner.onData((chunk) => {
        count(chunk)
        listener(chunk)
      })
    }
  })
  return {
    address: connection.address,
    serverSoftware: connection.serverSoftware,
    closed: connection.closed,
    openShell: async (request) => channel(await connection.openShell(request)),
    run: (script, request) => connection.run(script, request),
    openForward: (target, request) => connection.openForward(target, request),
    openTerminal: (of, request) => connection.openTerminal(of, request),
    probe: (deadlineMs) => connection.probe(deadlineMs),
    close: () => {
      connection.close()
    }
  }
}

/** What zlib@openssh.com would put on the wire for the same bytes (loopback is not compressed). */
class DeflatedSize {
  bytes = 0
  readonly #deflate = createDeflate({ flush: constants.Z_PARTIAL_FLUSH, level: 6 })

  constructor() {
    this.#deflate.on('data', (chunk: Buffer) => (this.bytes += chunk.length))
  }

  add(chunk: Uint8Array): void {
    this.#deflate.write(chunk)
  }
}

const deflated = new DeflatedSize()

async function residentShell(): Promise<Variant & { stop(): Promise<void>; logins(): number }> {
  const sshd = await startSshd('resident')
  const connection = await connect(sshd)
  let bytes = 0
  const counted = counting(connection, (chunk) => {
    bytes += chunk.length
    deflated.add(chunk)
  })
  const sampling = await createHostSampler({ log, clock: systemClock }).start(counted, { signal })
  return {
    name: 'resident shell, one cat per frame',
    process: sshd,
    async tick() {
      bytes = 0
      await sampling.sample(signal)
      return bytes
    },
    async stop() {
      sampling.close()
      connection.close()
      await sshd.stop()
    },
    logins: () => sshd.log().split('Accepted publickey').length - 1
  }
}

async function compoundExec(): Promise<Variant & { stop(): Promise<void> }> {
  const sshd = await startSshd('exec')
  const connection = await connect(sshd)
  const script = `for f in ${FRAME_FILES.join(' ')}; do echo "== $f"; [ -r $f ] && cat $f; done\nexit\n`
  return {
    name: 'one compound exec, same content',
    process: sshd,
    async tick() {
      let bytes = 0
      const channel = await connection.openShell({ signal, deadlineMs: 10_000 })
      channel.onData((chunk) => (bytes += chunk.length))
      channel.onErrorData(() => undefined)
      await channel.write(script)
      await channel.closed
      return bytes
    },
    async stop() {
      connection.close()
      await sshd.stop()
    }
  }
}

async function nodeExporter(): Promise<Variant & { stop(): Promise<void> }> {
  const port = await freePort()
  const exporter = startMeasured('exporter', '/usr/bin/prometheus-node-exporter', [
    `--web.listen-address=127.0.0.1:${port}`
  ])
  exporter.child.stderr?.resume()
  const scrape = async (): Promise<number> => {
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`)
    return (await answer.arrayBuffer()).byteLength
  }
  let up = false
  const tryOnce = (): boolean => {
    scrape().then(
      () => (up = true),
      () => (up = false)
    )
    return up
  }
  await until(tryOnce, 'prometheus-node-exporter does not answer')
  return {
    name: 'prometheus-node-exporter, one scrape',
    process: exporter,
    tick: scrape,
    stop: () => exporter.stop()
  }
}

async function measure(variants: readonly Variant[]): Promise<Measured[]> {
  const results = variants.map((): Measured => ({ cpuMs: [], latencyMs: [], bytes: [], forks: null }))
  for (const variant of variants) for (let warmUp = 0; warmUp < 5; warmUp++) await variant.tick()
  const forksBefore = variants.map((variant) => variant.process.forks())
  const cpu = variants.map((variant) => variant.process.cpuMs())
  for (let tick = 0; tick < ticks; tick++) {
    for (const [index, variant] of variants.entries()) {
      const result = results[index]
      if (result === undefined) continue
      const startedMs = performance.now()
      result.bytes.push(await variant.tick())
      result.latencyMs.push(performance.now() - startedMs)
      // What is still done after the answer belongs to this tick.
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
      const now = variant.process.cpuMs()
      result.cpuMs.push(now - (cpu[index] ?? now))
      cpu[index] = now
    }
  }
  variants.forEach((variant, index) => {
    const result = results[index]
    const before = forksBefore[index]
    const after = variant.process.forks()
    if (result && typeof before === 'number' && after !== null) result.forks = (after - before) / ticks
  })
  return results
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

const resident = await residentShell()
const exec = await compoundExec()
const exporter = await nodeExporter()
const variants = [resident, exec, exporter]
const results = await measure(variants)
const deflatedPerTick = deflated.bytes / (ticks + 5)
const logins = resident.logins()

console.log(`${ticks} ticks each, interleaved; medians, the mean of CPU in brackets\n`)
console.log(
  `${'variant'.padEnd(38)}${'server CPU ms'.padStart(18)}${'forks'.padStart(8)}${'bytes'.padStart(9)}${'latency ms'.padStart(12)}`
)
variants.forEach((variant, index) => {
  const { cpuMs, latencyMs, bytes, forks } = results[index] ?? {
    cpuMs: [],
    latencyMs: [],
    bytes: [],
    forks: null
  }
  const cpu = `${median(cpuMs).toFixed(2)} (${mean(cpuMs).toFixed(2)})`
  const cells = [cpu.padStart(18), (forks?.toFixed(2) ?? '—').padStart(8), String(median(bytes)).padStart(9)]
  console.log(`${variant.name.padEnd(38)}${cells.join('')}${median(latencyMs).toFixed(1).padStart(12)}`)
})
console.log(
  `\nThe resident shell's ${ticks + 5} frames used ${logins} connection(s) that stayed open (a first one asked for the host key).`
)
console.log(`With zlib@openssh.com a frame is ${deflatedPerTick.toFixed(0)} bytes.`)

if (options.json) {
  const [own, compound, peer] = results.map((result) => median(result.cpuMs))
  const metrics = {
    serverCpuMsPerTick: round(own),
    forksPerTick: round(results[0]?.forks ?? Number.NaN),
    bytesPerTick: median(results[0]?.bytes ?? []),
    ratioToCompoundExec: round((compound ?? Number.NaN) / (own ?? Number.NaN)),
    ratioToNodeExporter: round((peer ?? Number.NaN) / (own ?? Number.NaN))
  }
  console.log(JSON.stringify({ name: 'sampling', metrics }))
}

for (const variant of variants) await variant.stop()

function round(value: number | undefined): number | null {
  return value === undefined || Number.isNaN(value) ? null : Math.round(value * 1000) / 1000
}
