import { afterEach, describe, expect, it } from 'vitest'
import type { EntityValues, MetricValues } from '#contract/metric-catalogue.ts'
import { ServerDraft } from '#contract/servers.ts'
import { connectToDemo } from '../../test/fakes/demo-connection.ts'
import { systemClock } from '../application/clock.ts'
import type { HostSampling } from '../application/sampling/host-sampler.ts'
import type { Connection } from '../application/servers/connection.ts'
import { createHostSampler } from '../remote/sampler/index.ts'
import { startDemoFleet, startDemoFleetInWorker, type DemoFleet, type DemoServer } from './index.ts'

const signal = new AbortController().signal
const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => 'incident' }
const cleanUps: (() => unknown)[] = []

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

async function start(options: Parameters<typeof startDemoFleet>[0] = {}): Promise<DemoFleet> {
  const fleet = await startDemoFleet(options)
  cleanUps.push(() => fleet.close())
  return fleet
}

async function connect(server: DemoServer | undefined): Promise<Connection> {
  if (server === undefined) throw new Error('no such server')
  const connection = await connectToDemo(server)
  cleanUps.push(() => {
    connection.close()
  })
  return connection
}

async function startSampling(connection: Connection): Promise<HostSampling> {
  return createHostSampler({ log, clock: systemClock }).start(connection, { signal })
}

function valuesOf(entities: readonly EntityValues[]): MetricValues<'server'> {
  return (entities.find((entity) => entity.kind === 'server')?.values ?? {}) as MetricValues<'server'>
}

/** Two samples with time between them, so that there are rates. */
async function sampleWithRates(sampling: HostSampling): Promise<readonly EntityValues[]> {
  await sampling.sample(signal)
  await systemClock.sleep(250, signal)
  return (await sampling.sample(signal)).entities
}

describe('the six demo servers', () => {
  it('are drafts that can be registered as they are, each with another name, key and port', async () => {
    const { servers } = await start()
    expect(servers).toHaveLength(6)
    for (const { draft } of servers) expect(ServerDraft.parse(draft)).toEqual(draft)
    expect(new Set(servers.map(({ draft }) => draft.name)).size).toBe(6)
    expect(new Set(servers.map(({ hostKey }) => hostKey.fingerprint)).size).toBe(6)
    expect(new Set(servers.map(({ draft }) => draft.connection.port)).size).toBe(6)
  })

  it('show plausible values through the console’s own ssh and parsers', async () => {
    const { servers, control } = await start()
    for (const server of servers) {
      const { profile } = control.server(server.draft.name).host
      const sampling = await startSampling(await connect(server))
      const entities = await sampleWithRates(sampling)
      const values = valuesOf(entities)
      expect(values.cpuUsedRatio, server.draft.name).toBeGreaterThan(0)
      expect(values.cpuUsedRatio).toBeLessThan(1)
      expect(values.memoryTotalBytes).toBeCloseTo(profile.memoryBytes, -4)
      expect(values.memoryUsedRatio).toBeGreaterThan(0.05)
      expect(values.memoryUsedRatio).toBeLessThan(0.97)
      expect(values.netTotalBytesPerSec).toBeGreaterThan(0)
      expect(values.netTotalBytesPerSec).toBeLessThan(2e9)
      expect(values.diskWriteBytesPerSec).toBeGreaterThan(0)
      expect(values.uptimeSec).toBeGreaterThan(profile.uptimeDays * 86_400 - 1)
      expect(Math.abs((values.clockSkewMs ?? Infinity) - profile.clockSkewMs)).toBeLessThan(1_000)
      expect(entities.filter(({ kind }) => kind === 'disk').map(({ key }) => key)).toEqual(
        profile.disks.map(({ name }) => name)
      )
      const facts = await sampling.readFacts(signal)
      expect(facts).toMatchObject({
        hostName: profile.hostName,
        distribution: profile.distribution,
        kernelRelease: profile.kernel,
        cpuModel: profile.cpuModel,
        cpuSockets: profile.sockets,
        cpuCores: profile.cores,
        cpuThreads: profile.threads,
        virtualisation: 'none',
        loginShell: profile.loginShell
      })
      const mounts = await sampling.readFileSystems(signal)
      expect(mounts.filter(({ kind }) => kind === 'mount').map(({ key }) => key)).toEqual(
        profile.mounts.map(({ mountPoint }) => mountPoint).sort()
      )
      expect(valuesOf(mounts).diskUsedRatio).toBeGreaterThan(0)
      sampling.close()
    }
  })

  it('are the same again for the same seed, VMs with their UUIDs included', async () => {
    const uuids = async (seed: number): Promise<string[]> => {
      const { servers, control } = await start({ seed })
      return servers.flatMap(({ draft }) => control.server(draft.name).host.domains.map(({ uuid }) => uuid))
    }
    const first = await uuids(1)
    expect(new Set(first).size).toBe(first.length)
    for (const uuid of first)
      expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(await uuids(1)).toEqual(first)
    expect(await uuids(2)).not.toEqual(first)
  })

  it('let nobody in without the password of this launch', async () => {
    const { servers } = await start({ servers: 1 })
    const [server] = servers
    if (server === undefined) throw new Error('no server')
    await expect(connectToDemo(server, { password: 'demo' })).rejects.toMatchObject({ code: 'loginRefused' })
  })
})

describe('faults', () => {
  it('silent: a frame does not come; again: it does', async () => {
    const { servers, control } = await start({ servers: 1 })
    const sampling = await startSampling(await connect(servers[0]))
    await control.execute({ kind: 'faults', server: 'kvm-alpha', faults: { silent: true } })
    const controller = new AbortController()
    const sample = sampling.sample(controller.signal)
    setTimeout(() => {
      controller.abort()
    }, 200)
    await expect(sample).rejects.toMatchObject({ code: 'cancelled' })
    await control.execute({ kind: 'faults', server: 'kvm-alpha', faults: { silent: false } })
    const next = await startSampling(await connect(servers[0]))
    expect(valuesOf((await next.sample(signal)).entities).memoryTotalBytes).toBeGreaterThan(0)
  })

  it('frozen: nothing moves, and goes on where it stopped', async () => {
    const { servers, control } = await start({ servers: 1 })
    const sampling = await startSampling(await connect(servers[0]))
    await control.execute({ kind: 'faults', server: 'kvm-alpha', faults: { frozen: true } })
    let answered = false
    const sample = sampling.sample(signal).then(() => (answered = true))
    await systemClock.sleep(300, signal)
    expect(answered).toBe(false)
    await control.execute({ kind: 'faults', server: 'kvm-alpha', faults: { frozen: false } })
    await sample
  })

  it('dropped connections, a changed host key, refused logins, power off and on', async () => {
    const { servers, control } = await start({ servers: 1 })
    const connection = await connect(servers[0])
    await control.execute({ kind: 'drop', server: 'kvm-alpha' })
    expect((await connection.closed).code).toMatch(/connectionClosed|disconnected/)

    await control.execute({ kind: 'faults', server: 'kvm-alpha', faults: { refuseLogin: true } })
    await expect(connect(servers[0])).rejects.toMatchObject({ code: 'loginRefused' })
    await control.execute({ kind: 'faults', server: 'kvm-alpha', faults: { refuseLogin: false } })

    await control.execute({ kind: 'power', server: 'kvm-alpha', on: false })
    await expect(connect(servers[0])).rejects.toMatchObject({ code: 'connectionRefused' })
    await control.execute({ kind: 'power', server: 'kvm-alpha', on: true })
    const sampling = await startSampling(await connect(servers[0]))
    expect((await sampling.sample(signal)).uptimeSec).toBeLessThan(60)

    await control.execute({ kind: 'changeHostKey', server: 'kvm-alpha' })
    await expect(connect(servers[0])).rejects.toMatchObject({ code: 'hostKeyChanged' })
  })

  it('a VM of another name is a problem, not an exception', async () => {
    const { control } = await start({ servers: 1 })
    const answer = await control.execute({ kind: 'hang', server: 'kvm-alpha', vm: 'nobody', hung: true })
    expect(answer.problem).toContain('nobody')
  })
})

describe('VMs', () => {
  it('start, pause, resume and stop, with libvirt’s words and events', async () => {
    const { control } = await start({ servers: 1 })
    const { host } = control.server('kvm-alpha')
    const wiki = host.domains.find(({ name }) => name === 'old-wiki')
    if (wiki === undefined) throw new Error('no such VM')
    const events: string[] = []
    host.onDomainEvent(({ domain, event, detail }) => events.push(`${domain.name} ${event} ${detail}`))
    expect(host.act(wiki, 'pause')).toBe('Requested operation is not valid: domain is not running')
    expect(host.act(wiki, 'start')).toBeNull()
    expect(host.act(wiki, 'start')).toBe('Requested operation is not valid: domain is already running')
    expect(wiki).toMatchObject({ state: 'running', stateReason: 'booted', id: expect.any(Number) as number })
    expect(host.act(wiki, 'pause')).toBeNull()
    expect(wiki.state).toBe('paused')
    expect(host.act(wiki, 'resume')).toBeNull()
    expect(host.act(wiki, 'forceOff')).toBeNull()
    expect(wiki).toMatchObject({ state: 'shutOff', stateReason: 'destroyed', id: null })
    expect(events).toEqual([
      'old-wiki Resumed Unpaused',
      'old-wiki Started Booted',
      'old-wiki Suspended Paused',
      'old-wiki Resumed Unpaused',
      'old-wiki Stopped Destroyed'
    ])
  })

  it('a guest takes a moment to shut down', async () => {
    const { control } = await start({ servers: 1 })
    const { host } = control.server('kvm-alpha')
    const [domain] = host.domains
    if (domain === undefined) throw new Error('no VM')
    const stopped = new Promise<string>((resolve) => {
      host.onDomainEvent(({ event, detail }) => {
        resolve(`${event} ${detail}`)
      })
    })
    expect(host.act(domain, 'shutDown')).toBeNull()
    expect(domain.state).toBe('running')
    expect(await stopped).toBe('Stopped Shutdown')
    expect(domain.state).toBe('shutOff')
  })
})

describe('many servers', () => {
  it('a hundred start within seconds and all answer', async () => {
    const { servers } = await start({ servers: 100 })
    expect(servers).toHaveLength(100)
    expect(new Set(servers.map(({ draft }) => draft.name)).size).toBe(100)
    const sampling = await startSampling(await connect(servers[99]))
    expect(valuesOf((await sampling.sample(signal)).entities).memoryTotalBytes).toBeGreaterThan(0)
  })

  it('run in a worker thread as well', async () => {
    const fleet = await startDemoFleetInWorker(new URL('./worker.ts', import.meta.url), { servers: 2 })
    cleanUps.push(() => fleet.close())
    const sampling = await startSampling(await connect(fleet.servers[1]))
    expect(valuesOf((await sampling.sample(signal)).entities).memoryTotalBytes).toBeGreaterThan(0)
    expect(await fleet.execute({ kind: 'drop', server: 'nowhere' })).toMatchObject({
      problem: expect.stringContaining('nowhere') as string
    })
  })
})
