import { readFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { createSocket } from 'node:dgram'
import { afterEach, describe, expect, it } from 'vitest'
import { createLocalConnection, LOCAL_SHELLS } from '../../../test/fakes/local-connection.ts'
import type { Tools } from '../../application/telemetry/tools.ts'
import { createTools } from '../tools/tool-shell.ts'
import { readLan } from './lan-script.ts'
import { readListening } from './listening-script.ts'
import { probeTcp } from './tcp-probe.ts'

const signal = new AbortController().signal
const opened: { close(): void }[] = []
afterEach(() => {
  for (const one of opened.splice(0)) one.close()
})

async function listen(host: string): Promise<number> {
  const server: Server = createServer()
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  opened.push(server)
  return (server.address() as AddressInfo).port
}
const toolsOf = (shell: readonly string[]): Tools => {
  const tools = createTools(createLocalConnection({ shell }))
  opened.push(tools)
  return tools
}

describe.each(Object.entries(LOCAL_SHELLS))('in %s', (_name, shell) => {
  it('what listens here is found, with this process', async () => {
    const port = await listen('127.0.0.1')
    const six = await listen('::1')
    const udp = createSocket('udp4')
    await new Promise<void>((resolve) => udp.bind(0, '127.0.0.1', resolve))
    opened.push(udp)
    const { listeners, leftOut } = await readListening({ tools: toolsOf(shell), sudo: '', signal })
    expect(leftOut).toBe(0)
    const at = (protocol: string, wanted: number) =>
      listeners.find((one) => one.protocol === protocol && one.port === wanted)
    const process_ = { pid: process.pid, name: readFileSync('/proc/self/comm', 'utf8').trim() }
    expect(at('tcp', port)).toMatchObject({
      address: '127.0.0.1',
      exposure: 'loopback',
      uid: process.getuid?.(),
      process: process_
    })
    expect(at('tcp', six)).toMatchObject({ address: '::1', family: 6 })
    expect(at('udp', udp.address().port)).toMatchObject({ passing: true, process: process_ })
  })

  it('its place in the network is that of /sys', async () => {
    const nics = await readLan({ tools: toolsOf(shell), sudo: '', signal })
    for (const { name, mac } of nics) {
      expect(mac).toBe(readFileSync(`/sys/class/net/${name}/address`, 'utf8').trim())
    }
  })
})

describe('a knock at a port', () => {
  it('is taken, or refused, and says how long it took', async () => {
    const port = await listen('127.0.0.1')
    const knock = (to: number) => probeTcp('127.0.0.1', to, { signal, deadlineMs: 5_000 })
    const open = await knock(port)
    expect(open).toMatchObject({ state: 'open', reason: 'synAck' })
    expect(open.answerMs).toBeGreaterThan(0)
    opened.splice(0).forEach((one) => one.close())
    expect(await knock(port)).toMatchObject({ state: 'closed', reason: 'reset' })
  })

  it('ends when it is cancelled', async () => {
    const stop = new AbortController()
    stop.abort()
    await expect(probeTcp('127.0.0.1', 1, { signal: stop.signal, deadlineMs: 1_000 })).rejects.toMatchObject({
      code: 'cancelled'
    })
  })
})
