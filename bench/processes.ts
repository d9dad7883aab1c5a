/**
 * What a sample of the server and one of its processes cost together: by the reader that stays and by what a server without mawk
 * and gawk does, interleaved in the same run, with 100 more processes.  `npm run bench -- processes [--json] [--ticks N]`. As root.
 */
import { parseArgs } from 'node:util'
import { systemClock } from '../src-main/application/clock.ts'
import { createHostSampler } from '../src-main/remote/sampler/index.ts'
import { samplerScript } from '../src-main/remote/sampler/scripts.ts'
import { makeBench, makeRequest, trust } from '../src-main/remote/ssh/testing/setup.ts'
import { type LocalSshd, startSshd } from './support/local-sshd.ts'

const { values: options } = parseArgs({
  options: { json: { type: 'boolean', default: false }, ticks: { type: 'string', default: '300' } }
})
const ticks = Math.max(10, Number(options.ticks))
const PROCESSES = 100
const PAUSE_MS = 20
const signal = new AbortController().signal
const { log } = makeBench()

for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => process.exit(130))

/** sshd's own view of /proc has no more than what the benchmark started, whatever else the machine runs. */
async function open(reader: 'resident' | 'none') {
  const sshd: LocalSshd = await startSshd(`processes-${reader}`, { ownProc: true })
  const bench = makeBench()
  const request = makeRequest({ port: sshd.port, settings: { user: sshd.user, keyFiles: [sshd.keyFile] } })
  await trust(bench, request)
  const connection = await bench.connector.connect(request)
  const started = await connection.run(
    `i=0; while [ $i -lt ${PROCESSES} ]; do sleep 100000 </dev/null >/dev/null 2>&1 & i=$((i+1)); done; echo ok\n`,
    { signal, deadlineMs: 20_000 }
  )
  if (!started.stdout.includes('ok')) throw new Error('the processes could not be started')
  const sampler = createHostSampler({ log, clock: systemClock }, samplerScript(reader))
  const sampling = await sampler.start(connection, { signal })
  let seen = 0
  return {
    sshd,
    async tick() {
      await sampling.sample(signal)
      seen = (await sampling.readProcesses(signal)).stats.size
    },
    seen: () => seen,
    async stop() {
      sampling.close()
      connection.close()
      await sshd.stop()
    }
  }
}

const median = (values: readonly number[]): number =>
  [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length
const round = (value: number): number => Math.round(value * 1000) / 1000

const variants = [await open('resident'), await open('none')] as const
const cpuMs: [number[], number[]] = [[], []]
for (const variant of variants) for (let warmUp = 0; warmUp < 8; warmUp++) await variant.tick()
const forksBefore = variants.map((variant) => variant.sshd.forks())
for (let tick = 0; tick < ticks; tick++) {
  for (const [index, variant] of variants.entries()) {
    const before = variant.sshd.cpuMs()
    await variant.tick()
    // What is still done after the answer belongs to this tick.
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    cpuMs[index === 0 ? 0 : 1].push(variant.sshd.cpuMs() - before)
  }
}
const forks = variants.map((variant, index) => {
  const [before, after] = [forksBefore[index], variant.sshd.forks()]
  return typeof before === 'number' && after !== null ? (after - before) / ticks : Number.NaN
})

console.log(
  `${ticks} ticks each, interleaved; server CPU ms of one host sample and one sample of all processes\n`
)
for (const [index, name] of ['reader that stays', 'without mawk and gawk'].entries()) {
  const own = cpuMs[index === 0 ? 0 : 1]
  const variant = variants[index === 0 ? 0 : 1]
  console.log(
    `${name.padEnd(24)} median ${median(own).toFixed(2)}  mean ${mean(own).toFixed(2)}  forks ${(forks[index] ?? NaN).toFixed(2)}  processes ${variant.seen()}`
  )
}
if (options.json) {
  const metrics = {
    residentCpuMsPerTick: round(median(cpuMs[0])),
    fallbackCpuMsPerTick: round(median(cpuMs[1])),
    residentForksPerTick: round(forks[0] ?? Number.NaN),
    fallbackForksPerTick: round(forks[1] ?? Number.NaN),
    processes: variants[0].seen()
  }
  console.log(JSON.stringify({ name: 'processes', metrics }))
}
for (const variant of variants) await variant.stop()
