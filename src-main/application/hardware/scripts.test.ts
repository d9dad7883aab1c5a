import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createLocalConnection, LOCAL_SHELLS } from '../../../test/fakes/local-connection.ts'
import { parseParts } from '../../domain/hardware/parts.ts'
import { createTools } from '../../remote/tools/tool-shell.ts'
import { PARTS_SCRIPT, SMART_LIST_SCRIPT } from './scripts.ts'

const signal = new AbortController().signal
const names = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : [])

describe.each(Object.entries(LOCAL_SHELLS))('the scripts in %s', (_name, shell) => {
  async function run(script: string): Promise<string> {
    const connection = createLocalConnection({ shell })
    const tools = createTools(connection)
    try {
      return (await tools.run(script, { signal, deadlineMs: 20_000, maxBytes: 2 * 1024 * 1024 })).stdout
    } finally {
      tools.close()
      connection.close()
    }
  }

  it('tell what this machine is made of', async () => {
    const parts = parseParts(await run(PARTS_SCRIPT))
    expect(parts.bootId).toBe(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim())
    expect(parts.uptimeSec).toBeGreaterThan(0)
    expect(parts.links.map(({ name }) => name).sort()).toEqual(
      names('/sys/class/net')
        .filter((name) => existsSync(`/sys/class/net/${name}/ifindex`))
        .sort()
    )
    for (const { name, ifindex, mtuBytes } of parts.links) {
      expect(String(ifindex)).toBe(readFileSync(`/sys/class/net/${name}/ifindex`, 'utf8').trim())
      expect(String(mtuBytes)).toBe(readFileSync(`/sys/class/net/${name}/mtu`, 'utf8').trim())
    }
    expect(parts.links.find(({ name }) => name === 'lo')?.addresses).toContain('127.0.0.1/8')
    expect(parts.counters.get('lo')?.rxBytes).toBeGreaterThanOrEqual(0)
    for (const { name, sizeBytes } of parts.disks) {
      expect(sizeBytes).toBe(Number(readFileSync(`/sys/block/${name}/size`, 'utf8')) * 512)
    }
  })

  it('list the disks that have a device', async () => {
    const listed = (await run(SMART_LIST_SCRIPT)).split('\n').filter((line) => line.startsWith('disk '))
    expect(listed.map((line) => line.slice(5)).sort()).toEqual(
      names('/sys/block')
        .filter((name) => existsSync(`/sys/block/${name}/device`))
        .sort()
    )
  })
})
