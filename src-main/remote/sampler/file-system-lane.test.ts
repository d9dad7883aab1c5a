import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { EntityValues } from '#contract/metric-catalogue.ts'
import {
  createLocalConnection,
  LOCAL_SHELLS,
  type LocalConnection
} from '../../../test/fakes/local-connection.ts'
import { systemClock } from '../../application/clock.ts'
import { FileSystemLane } from './file-system-lane.ts'
import { MOUNTS_SCRIPT, mountsScript, SAMPLER_SCRIPT } from './scripts.ts'

const signal = new AbortController().signal
let folder = ''
let connection: LocalConnection | null = null

beforeEach(() => {
  folder = mkdtempSync('/tmp/virthelm-mounts-')
})

afterEach(() => {
  connection?.close()
  rmSync(folder, { recursive: true, force: true })
})

/** A server with these mounts, whose df hangs for /mnt/dead and knows made-up sizes for all others. */
function lane(shell: readonly string[], mountinfo: readonly string[]): FileSystemLane {
  writeFileSync(join(folder, 'mountinfo'), `${mountinfo.join('\n')}\n`)
  writeFileSync(
    join(folder, 'df'),
    `#!/bin/sh
for last; do :; done
printf '%s|' "$@" >> ${folder}/calls; echo >> ${folder}/calls
[ "$last" = /mnt/dead ] && exec sleep 30
echo 'Filesystem 1024-blocks Used Available Capacity Mounted on'
for point; do case $point in /*) echo "/dev/x 1000 400 600 40% $point";; esac; done
`,
    { mode: 0o755 }
  )
  writeFileSync(join(folder, 'calls'), '')
  connection = createLocalConnection({
    shell,
    env: { ...process.env, PATH: `${folder}:${process.env.PATH ?? ''}` }
  })
  return new FileSystemLane(
    connection,
    systemClock,
    mountsScript(`/tmp/${folder.slice('/tmp/'.length)}/mountinfo`)
  )
}

function mount(entities: readonly EntityValues[], key: string): Record<string, number> | undefined {
  return entities.find((entity) => entity.kind === 'mount' && entity.key === key)?.values as
    Record<string, number> | undefined
}

const calls = (point: string): number =>
  readFileSync(join(folder, 'calls'), 'utf8')
    .split('\n')
    .filter((line) => line.includes(`|${point}|`)).length

const MOUNTS = [
  '20 1 8:1 / / rw - ext4 /dev/sda1 rw',
  '30 20 0:50 / /mnt/dead rw - nfs4 nas:/a rw,hard',
  '31 20 0:51 / /mnt/alive rw - cifs //nas/b rw'
]

// Debian's busybox ash runs its own df whatever stands in PATH; host-sampler.test.ts runs the lane over it.
const shells = Object.entries(LOCAL_SHELLS).filter(([name]) => name === 'dash' || name === 'bash')

describe.each(shells)('network file systems over %s', (_name, shell) => {
  it('a dead one is stalled, holds nothing up and is not asked twice; the others answer', async () => {
    const fileSystems = lane(shell, MOUNTS)
    for (let reading = 0; reading < 3; reading++) {
      const entities = await fileSystems.read(signal)
      expect(mount(entities, '/')?.usedRatio).toBe(0.4)
      expect(mount(entities, '/mnt/alive')?.usedRatio).toBe(0.4)
      expect(mount(entities, '/mnt/dead')).toEqual({})
    }
    expect(fileSystems.capability).toMatchObject({ works: true, cause: 'stalled' })
    expect(calls('/mnt/dead')).toBe(1)
    expect(calls('/mnt/alive')).toBe(3)
    fileSystems.close()
  })
})

describe.each(shells)('mount points over %s', (_name, shell) => {
  it('with hostile names are arguments and nothing else', async () => {
    const names = [
      '/a\\040b',
      '/$(touch\\040$0.canary)',
      '/`id`',
      "/it's",
      '/"q"',
      '/-k',
      '/*',
      '/;reboot',
      '/tab\\011x',
      '/back\\134slash'
    ]
    const fileSystems = lane(
      shell,
      names.map((name, index) => `${40 + index} 1 8:${index} / ${name} rw - ext4 /dev/x rw`)
    )
    const entities = await fileSystems.read(signal)
    const expected = names.map((name) =>
      name.replace(/\\(\d{3})/g, (_whole, octal: string) => String.fromCharCode(parseInt(octal, 8)))
    )
    expect(entities.filter(({ kind }) => kind === 'mount').map(({ key }) => key)).toEqual(
      [...expected].sort()
    )
    fileSystems.close()
  })

  it('with hostile names of network file systems too', async () => {
    const fileSystems = lane(shell, ['50 1 0:60 / /n\\040$(reboot)\\134 rw - nfs nas:/x rw'])
    expect(mount(await fileSystems.read(signal), '/n $(reboot)\\')?.usedRatio).toBe(0.4)
    fileSystems.close()
  })
})

describe('the lane', () => {
  it('opens a new channel after it lost one', async () => {
    const fileSystems = lane(LOCAL_SHELLS.sh, MOUNTS.slice(0, 1))
    await fileSystems.read(signal)
    const [first] = connection?.children ?? []
    const ended = new Promise((resolve) => first?.once('close', resolve))
    first?.kill('SIGKILL')
    await ended
    expect(mount(await fileSystems.read(signal), '/')?.usedRatio).toBe(0.4)
    expect(connection?.children).toHaveLength(2)
    fileSystems.close()
    await expect(fileSystems.read(signal)).rejects.toMatchObject({ code: 'disconnected' })
  })

  it('says so when it cannot be had', async () => {
    connection = createLocalConnection({ maxChannels: 0 })
    const fileSystems = new FileSystemLane(connection, systemClock)
    await expect(fileSystems.read(signal)).rejects.toMatchObject({ code: 'channelRefused' })
    expect(fileSystems.capability).toMatchObject({ works: false, cause: 'unreadable' })
  })

  it.each([SAMPLER_SCRIPT, MOUNTS_SCRIPT])(
    'says ready only when its whole loop has been read',
    async (script) => {
      // Everything but the last line that closes the loop: a shell that reads ahead must still be waiting.
      const channel = await createLocalConnection().openShell({ signal, deadlineMs: 1_000 })
      const said: string[] = []
      channel.onData((chunk) => said.push(new TextDecoder().decode(chunk)))
      const cut = script.lastIndexOf('\n')
      await channel.write(`M=marker\n${script.slice(0, cut)}\n`)
      await systemClock.sleep(200, signal)
      expect(said.join('')).not.toContain('marker ready')
      await channel.write(`${script.slice(cut)}\n`)
      const deadlineMs = Date.now() + 5_000
      while (!said.join('').includes('\nmarker ready\n') && Date.now() < deadlineMs) {
        await new Promise((resolve) => setImmediate(resolve))
      }
      expect(said.join('')).toContain('marker ready')
      channel.close()
    }
  )
})
