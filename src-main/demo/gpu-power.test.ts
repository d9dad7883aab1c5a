/** The lanes of cards, sensors and power over the demo fleet: real ssh, the console's own scripts and parsers. */
import { afterEach, expect, it } from 'vitest'
import { connectToDemo } from '../../test/fakes/demo-connection.ts'
import type { NvidiaCard } from '../domain/gpu/nvidia-query.ts'
import { raplWatts } from '../domain/gpu-power/rapl.ts'
import { createGpuPowerProbes } from '../remote/gpu-power/index.ts'
import { createTools } from '../remote/tools/tool-shell.ts'
import { startDemoFleet, type DemoFleet } from './index.ts'

const signal = new AbortController().signal
const cleanUps: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

async function probesOf(fleet: DemoFleet, name: string) {
  const server = fleet.servers.find(({ draft }) => draft.name === name)
  if (server === undefined) throw new Error(`no ${name}`)
  const connection = await connectToDemo(server)
  const tools = createTools(connection)
  cleanUps.push(() => {
    tools.close()
    connection.close()
  })
  const context = { tools, sudo: () => '' as const }
  const probes = createGpuPowerProbes()
  return { gpu: probes.gpu(context), power: probes.power(context), sensors: probes.sensors(context) }
}

it('plays cards, sensors and power believably, and what a server cannot tell', async () => {
  const fleet = await startDemoFleet()
  cleanUps.push(() => fleet.close())

  const big = await probesOf(fleet, 'gpu-01')
  expect(await big.gpu.survey(signal)).toMatchObject({ hasNvidiaSmi: true, onBus: ['nvidia'] })
  const stop = new AbortController()
  const cards = await new Promise<NvidiaCard[]>((resolve, reject) => {
    const found: NvidiaCard[] = []
    const onCard = (card: NvidiaCard): void => {
      if (found.push(card) === 8) resolve(found)
    }
    big.gpu.followNvidia({ onStarted: () => undefined, onCard }, stop.signal).catch(reject)
  })
  stop.abort()
  expect(cards.map(({ migEnabled }) => migEnabled)).toEqual([...Array.from({ length: 7 }, () => false), true])
  const { slices, cudaVersion } = await big.gpu.readNvidiaList(signal)
  expect([slices.length, cudaVersion]).toEqual([7, '12.4'])
  expect(slices.every(({ gpuUuid }) => gpuUuid === cards[7]?.uuid)).toBe(true)
  const processes = await big.gpu.readProcesses(new Set(['nvidia']), signal)
  expect(processes.length).toBeGreaterThan(6)
  expect(processes.every(({ user }) => user !== null)).toBe(true)
  expect(await big.power.readIpmi(signal)).toMatchObject({ kind: 'watts' })

  const { sensors, hottestCelsius } = await big.sensors.read(new Set(), signal)
  expect(new Set(sensors.map(({ key }) => key)).size).toBe(sensors.length)
  expect(hottestCelsius).toBeGreaterThan(30)
  expect(hottestCelsius).toBeLessThan(90)
  const before = await big.power.read(signal)
  const after = await big.power.read(signal)
  const spanSec = (after.uptimeSec ?? 0) - (before.uptimeSec ?? 0)
  for (const { watts } of raplWatts(before.rapl.zones, after.rapl.zones, spanSec))
    expect(watts).toBeLessThan(600)

  const closed = await probesOf(fleet, 'kvm-bravo')
  expect((await closed.power.read(signal)).rapl).toEqual({ zones: [], denied: true })
  expect(await closed.power.readIpmi(signal)).toEqual({ kind: 'toolMissing' })
  expect((await closed.gpu.survey(signal)).onBus).toEqual([])

  const amd = await probesOf(fleet, 'build-host')
  expect((await amd.gpu.readDrm(signal)).cards).toMatchObject([{ vendor: 'amd', driver: 'amdgpu' }])
  const board = await probesOf(fleet, 'edge-seoul')
  expect((await board.sensors.read(new Set(), signal)).sensors.map(({ key }) => key)).toEqual([
    'thermal/cpu-thermal',
    'pwmfan/fan1'
  ])
})
