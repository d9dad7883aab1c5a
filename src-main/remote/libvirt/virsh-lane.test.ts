import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import {
  createLocalConnection,
  LOCAL_SHELLS,
  type LocalConnection
} from '../../../test/fakes/local-connection.ts'
import { systemClock } from '../../application/clock.ts'
import { openVirshLane, type VirshLane } from './virsh-lane.ts'

const URI = 'test:///default'
const signal = new AbortController().signal
const hasVirsh = existsSync('/usr/bin/virsh')
if (!hasVirsh)
  console.info('virsh is not installed here: the tests of the lane against a real virsh are skipped')

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup()
})

function connect(options: Parameters<typeof createLocalConnection>[0] = {}): LocalConnection {
  const connection = createLocalConnection(options)
  cleanups.push(() => connection.close())
  return connection
}

async function open(connection: LocalConnection): Promise<VirshLane> {
  const lane = await openVirshLane(connection, URI, systemClock, signal)
  cleanups.push(() => lane.close())
  return lane
}

/** A folder with a `virsh` of our own at the front of PATH, for what the real one only does on bad days. */
function fakeVirsh(script: string): { env: NodeJS.ProcessEnv; folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'fake-virsh-'))
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'virsh'), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  return { env: { ...process.env, PATH: `${folder}:${process.env.PATH ?? ''}` }, folder }
}

const allGone = (connection: LocalConnection): Promise<unknown> =>
  Promise.all(
    connection.children.map((child) =>
      child.exitCode !== null || child.signalCode !== null
        ? null
        : new Promise((resolve) => child.once('close', resolve))
    )
  )

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe.runIf(hasVirsh)('a real virsh', () => {
  it.each(Object.entries(LOCAL_SHELLS).filter(([, [path]]) => existsSync(path)))(
    'answers under %s, in chunks of one byte, after a noisy rc file',
    async (_name, shell) => {
      const connection = connect({ shell, chunkBytes: 1, noise: 'Welcome!\nerror: quota\nvirsh > ' })
      const lane = await open(connection)
      const ask = () =>
        lane.call(['list --all --uuid --id --name', 'domstate nobody', 'domstats --raw --state'], {
          signal,
          deadlineMs: 10_000
        })
      for (let round = 0; round < 3; round++) {
        const [list, missing, stats] = await ask()
        expect(list?.output.trim()).toMatch(/^[0-9a-f-]{36} 1 test$/)
        expect(missing).toMatchObject({ error: "failed to get domain 'nobody'" })
        expect(stats?.output).toContain("Domain: 'test'\n  state.state=1\n")
      }
      lane.close()
      await allGone(connection)
    }
  )

  it('leaves no history file behind', async () => {
    const home = mkdtempSync(join(tmpdir(), 'home-'))
    cleanups.push(() => rmSync(home, { recursive: true, force: true }))
    const connection = connect({ env: { ...process.env, HOME: home, XDG_CACHE_HOME: undefined } })
    const lane = await open(connection)
    await lane.call(['list --all --uuid'], { signal, deadlineMs: 10_000 })
    lane.close()
    await allGone(connection)
    expect(existsSync(join(home, '.cache'))).toBe(false)
  })

  it('answers calls one after another, whoever gave up waiting', async () => {
    const lane = await open(connect())
    const impatient = new AbortController()
    const first = lane.call(['list --all --uuid'], { signal: impatient.signal, deadlineMs: 10_000 })
    const second = lane.call(['domstate test'], { signal, deadlineMs: 10_000 })
    impatient.abort()
    await expect(first).rejects.toMatchObject({ code: 'cancelled' })
    expect((await second)[0]?.output.trim()).toBe('running')
  })
})

describe('bad days', () => {
  it('tells the words of a virsh that cannot connect', async () => {
    const { env } = fakeVirsh(`echo 'error: failed to connect to the hypervisor' >&2; exit 1`)
    // It may end before or after the lane is ready.
    const answer = open(connect({ env })).then((lane) => lane.call(['list'], { signal, deadlineMs: 10_000 }))
    await expect(answer).rejects.toMatchObject({
      code: 'disconnected',
      params: { stderr: 'failed to connect to the hypervisor' }
    })
  })

  it('ends the channel when virsh ends by itself', async () => {
    const { env } = fakeVirsh(`read -r line; exit 1`)
    const connection = connect({ env })
    const lane = await open(connection)
    const answer = lane.call(['list'], { signal, deadlineMs: 10_000 })
    await expect(answer).rejects.toMatchObject({ code: 'disconnected' })
    expect(lane.isOpen).toBe(false)
    await allGone(connection)
  })

  it('gives up at the deadline, and kills the virsh that waits and reads no more', async () => {
    const { env, folder } = fakeVirsh(`echo $$ > "$(dirname "$0")/pid"; trap '' TERM; exec sleep 600`)
    const connection = connect({ env })
    const lane = await open(connection)
    await expect(lane.call(['domstats'], { signal, deadlineMs: 300 })).rejects.toMatchObject({
      code: 'deadlineExceeded'
    })
    await allGone(connection)
    expect(isAlive(Number(readFileSync(join(folder, 'pid'), 'utf8')))).toBe(false)
  })

  it('is cut off when it says more than any list is long', async () => {
    const { env } = fakeVirsh(`read -r line
mark=$(printf '%s' "$line" | sed 's/^echo "\\([0-9a-f]*\\)""\\([^"]*\\)".*/\\1\\2/')
printf '%s\\n' "$mark"; exec yes 'Domain: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'`)
    const lane = await open(connect({ env }))
    await expect(lane.call(['list'], { signal, deadlineMs: 20_000 })).rejects.toMatchObject({
      code: 'outputTooLarge'
    })
  })

  it('does not take its own echo for an answer', async () => {
    const { env } = fakeVirsh(`while read -r line; do printf 'virsh > %s\\n%s\\n' "$line" "$line"; done`)
    const lane = await open(connect({ env }))
    await expect(lane.call(['list'], { signal, deadlineMs: 300 })).rejects.toMatchObject({
      code: 'deadlineExceeded'
    })
  })
})
