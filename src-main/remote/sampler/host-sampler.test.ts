import type { ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { AppError } from '#contract/errors.ts'
import type { EntityValues } from '#contract/metric-catalogue.ts'
import {
  createLocalConnection,
  LOCAL_SHELLS,
  type LocalConnection,
  type LocalConnectionOptions
} from '../../../test/fakes/local-connection.ts'
import { systemClock, type Clock } from '../../application/clock.ts'
import type { Log } from '../../application/platform/platform.ts'
import type { HostSampling } from '../../application/sampling/host-sampler.ts'
import { createHostSampler } from './index.ts'
import { samplerScript } from './scripts.ts'

const log: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => 'incident'
}
const signal = new AbortController().signal
const connections: LocalConnection[] = []

afterEach(() => {
  for (const connection of connections.splice(0)) connection.close()
})

function connect(options: LocalConnectionOptions = {}): LocalConnection {
  const connection = createLocalConnection(options)
  connections.push(connection)
  return connection
}

async function start(connection: LocalConnection, clock: Clock = systemClock): Promise<HostSampling> {
  return createHostSampler({ log, clock }).start(connection, { signal })
}

function server(entities: readonly EntityValues[]): Record<string, number> {
  return (entities.find((entity) => entity.kind === 'server')?.values ?? {}) as Record<string, number>
}

/** Waits until the condition holds; fails after ten seconds. */
async function until(condition: () => boolean): Promise<void> {
  const deadlineMs = Date.now() + 10_000
  while (!condition()) {
    if (Date.now() > deadlineMs) throw new Error('it never came true')
    await new Promise((resolve) => setImmediate(resolve))
  }
}

const shells = Object.entries(LOCAL_SHELLS).filter(([, [command]]) => existsSync(command))

describe.each(shells)('over %s', (name, shell) => {
  it('tells this machine’s values, facts and file systems', async () => {
    // Output in small pieces, after a noisy rc file that does not end its last line.
    const sampling = await start(connect({ shell, chunkBytes: 7, noise: 'Welcome!\nmail: no' }))
    const first = await sampling.sample(signal)
    expect(server(first.entities).memoryTotalBytes).toBe(memoryTotalBytes())
    expect(server(first.entities).cpuUsedRatio).toBeUndefined()
    let second = await sampling.sample(signal)
    while (second.uptimeSec === first.uptimeSec) second = await sampling.sample(signal)
    expect(second.brokenBy).toBeNull()
    expect(Math.abs(server(second.entities).clockSkewMs ?? Infinity)).toBeLessThan(2_000)

    const facts = await sampling.readFacts(signal)
    expect(facts.hostName).toBe(readFileSync('/proc/sys/kernel/hostname', 'utf8').trim())
    expect(facts.kernelRelease).toBe(readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim())
    expect(facts.memoryTotalBytes).toBe(memoryTotalBytes())
    expect(facts.cpuThreads).toBeGreaterThan(0)
    expect(facts.distribution, name).not.toBeNull()

    const mounts = await sampling.readFileSystems(signal)
    const root = mounts.find((entity) => entity.kind === 'mount' && entity.key === '/')
    expect(root?.values).toMatchObject({ usedRatio: expect.any(Number) as number })
    expect(server(mounts).diskTotalBytes).toBeGreaterThan(0)
    expect(sampling.capabilities().find(({ id }) => id === 'fileSystems')?.works).toBe(true)
  })

  it('ends with its stdin', async () => {
    const connection = connect({ shell })
    const sampling = await start(connection)
    await sampling.sample(signal)
    await sampling.readFileSystems(signal)
    const [first, second] = connection.children
    sampling.close()
    await until(() => [first, second].every((child) => child !== undefined && hasEnded(child)))
  })
})

describe.each(shells.filter(([name]) => name !== 'ash'))('processes started over %s', (_name, shell) => {
  it.each([
    ['none at all by the reader that stays', 'resident', ''],
    ['one cat per frame where there is none', 'none', Array<string>(20).fill('cat').join('\n')]
  ] as const)('%s', async (_name, reader, expected) => {
    const folder = mkdtempSync(join(tmpdir(), 'virthelm-sampler-'))
    try {
      const calls = join(folder, 'calls')
      for (const tool of [
        'cat',
        'date',
        'df',
        'grep',
        'sed',
        'tail',
        'timeout',
        'uname',
        'printf',
        'test',
        'expr'
      ]) {
        writeFileSync(join(folder, tool), `#!/bin/sh\necho ${tool} >> ${calls}\nexec /bin/${tool} "$@"\n`, {
          mode: 0o755
        })
      }
      const path = `${folder}:${process.env.PATH ?? ''}`
      const connection = connect({ shell, env: { ...process.env, PATH: path } })
      const sampler = createHostSampler({ log, clock: systemClock }, samplerScript(reader))
      const sampling = await sampler.start(connection, { signal })
      await sampling.sample(signal)
      writeFileSync(calls, '')
      for (let tick = 0; tick < 20; tick++) await sampling.sample(signal)
      expect(readFileSync(calls, 'utf8').trim()).toBe(expected)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('a host sampling', () => {
  it('lets frames wait for each other: never two under way', async () => {
    const sampling = await start(connect())
    const samples = await Promise.all([
      sampling.sample(signal),
      sampling.sample(signal),
      sampling.sample(signal)
    ])
    expect(samples.map(({ uptimeSec }) => uptimeSec)).toEqual(
      samples.map(({ uptimeSec }) => uptimeSec).sort((left, right) => left - right)
    )
  })

  it('asks what the server is made of once a minute', async () => {
    let nowMs = 0
    const clock: Clock = { ...systemClock, monotonicMs: () => nowMs }
    const connection = connect()
    const sampling = await start(connection, clock)
    const asked = (): number => connection.written.filter((text) => text.startsWith('i ')).length
    for (nowMs = 0; nowMs < 59_000; nowMs += 5_000) await sampling.sample(signal)
    expect(asked()).toBe(1)
    nowMs = 60_000
    await sampling.sample(signal)
    expect(asked()).toBe(2)
  })

  it('a cancelled frame does not mix with the next one', async () => {
    const sampling = await start(connect())
    const controller = new AbortController()
    const cancelled = sampling.sample(controller.signal)
    controller.abort(new Error('window closed'))
    await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' })
    expect(server((await sampling.sample(signal)).entities).memoryTotalBytes).toBe(memoryTotalBytes())
  })

  it('a link that breaks while a frame is under way', async () => {
    const connection = connect()
    const sampling = await start(connection)
    connection.children[0]?.kill('SIGSTOP')
    const sample = sampling.sample(signal)
    connection.breakLink()
    await expect(sample).rejects.toMatchObject({ code: 'disconnected' })
    await expect(sampling.sample(signal)).rejects.toMatchObject({ code: 'disconnected' })
  })

  it('an account without a shell', async () => {
    const connection = connect({ shell: ['/bin/echo', 'This account is currently not available.'] })
    await expect(start(connection)).rejects.toMatchObject({
      code: 'shellUnavailable',
      params: { text: 'This account is currently not available.' }
    })
  })

  it('a channel that is refused', async () => {
    await expect(start(connect({ maxChannels: 0 }))).rejects.toMatchObject({ code: 'channelRefused' })
  })

  it('an endless flood before the shell is ready', async () => {
    const connection = connect({
      shell: ['/bin/sh', '-c', 'while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaa; done']
    })
    await expect(start(connection)).rejects.toMatchObject({ code: 'outputTooLarge' })
  })

  it('an endless line before the shell is ready', async () => {
    const connection = connect({ shell: ['/bin/sh', '-c', 'exec cat /dev/zero'] })
    await expect(start(connection)).rejects.toMatchObject({ code: 'outputTooLarge' })
  })

  it('makes no file on the server', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'virthelm-sampler-'))
    try {
      const sampling = await start(
        connect({ env: { ...process.env, HOME: folder, TMPDIR: folder, PWD: folder } })
      )
      for (let tick = 0; tick < 5; tick++) await sampling.sample(signal)
      await sampling.readFacts(signal)
      await sampling.readFileSystems(signal)
      expect(readdirSync(folder)).toEqual([])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('AppErrors only', async () => {
    const sampling = await start(connect({ shell: ['/bin/sh', '-s'] }))
    sampling.close()
    const error: unknown = await sampling.sample(signal).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(AppError)
  })
})

describe('a server that answers nonsense', () => {
  /** Speaks the sampler's lane, then answers each request with `answer` ($M marker, $Q number). */
  const nonsense = (folder: string, answer: string): readonly string[] => {
    const script = join(folder, 'shell.sh')
    writeFileSync(
      script,
      `read -r c v lane M; while read -r line && [ "$line" != ": virthelm end" ]; do :; done
       echo "$M ready"; while read -r O Q; do ${answer}; done`
    )
    return ['/bin/sh', script]
  }

  it.each([
    ['an inventory without files', 'echo "$M begin $Q"; echo hello; echo "$M end $Q"', 'protocolViolation'],
    ['another number', 'echo "$M begin 99"; echo "$M end 99"', 'protocolViolation'],
    ['an end without begin', 'echo "$M end $Q"', 'protocolViolation'],
    ['a flood inside the frame', 'echo "$M begin $Q"; cat /dev/zero', 'outputTooLarge'],
    ['the end of the shell', 'exit 3', 'disconnected'],
    [
      'a frame with too few files',
      'if [ $O = i ]; then set -- "files /proc/uptime /proc/stat"; else set -- hello; fi; echo "$M begin $Q"; echo "$1"; echo "$M end $Q"',
      'protocolViolation'
    ]
  ])('%s', async (_what, answer, code) => {
    const folder = mkdtempSync(join(tmpdir(), 'virthelm-sampler-'))
    try {
      const connection = connect({ shell: nonsense(folder, answer) })
      const outcome = start(connection).then((sampling) => sampling.sample(signal))
      await expect(outcome).rejects.toMatchObject({ code })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

function memoryTotalBytes(): number {
  return Number(/MemTotal:\s+(\d+)/.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]) * 1024
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}
