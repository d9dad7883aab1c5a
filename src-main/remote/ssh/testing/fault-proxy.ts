/** A TCP proxy on loopback that breaks the link in the ways real links break. */
import { createConnection, createServer, type Socket } from 'node:net'

export interface FaultProxy {
  readonly port: number
  /** Connections seen so far. */
  readonly connections: number
  /** Swallows everything from now on, in both directions, on old and new connections. */
  freeze(): void
  /** Refuses nothing, loses nothing again. What was swallowed stays lost, so old connections are reset. */
  restore(): void
  /** Resets all connections. */
  reset(): void
  /** Ends the direction towards the client; the other one stays open. */
  halfClose(): void
  /** Accepts and resets at once, until `restore`. */
  refuse(): void
  close(): Promise<void>
}

export interface FaultProxyOptions {
  readonly targetPort: number
  readonly delayMs?: number
  /** Changes bytes on their way to the client. `offset` counts the bytes of this connection before the chunk. */
  readonly mutate?: (chunk: Buffer, offset: number, connection: number) => Buffer
}

export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const pairs = new Set<{ client: Socket; target: Socket }>()
  let connections = 0
  let mode: 'pass' | 'frozen' | 'refuse' = 'pass'
  const server = createServer({ allowHalfOpen: true }, (client) => {
    connections += 1
    if (mode === 'refuse') {
      client.on('error', () => client.destroy())
      client.resetAndDestroy()
      return
    }
    const target = createConnection({ port: options.targetPort, host: '127.0.0.1', noDelay: true })
    client.setNoDelay(true)
    const pair = { client, target }
    pairs.add(pair)
    const number = connections
    let offset = 0
    pump(client, target, (chunk) => chunk)
    pump(target, client, (chunk) => {
      const changed = options.mutate?.(chunk, offset, number) ?? chunk
      offset += chunk.length
      return changed
    })
    client.on('close', () => {
      pairs.delete(pair)
      target.destroy()
    })
  })

  /** Reads always, so that a frozen link looks to the sender as a real one: bytes go out and nothing comes back. */
  const pump = (from: Socket, to: Socket, change: (chunk: Buffer) => Buffer): void => {
    const deliver = (action: () => void): void => {
      if (options.delayMs) setTimeout(() => mode === 'pass' && action(), options.delayMs)
      else if (mode === 'pass') action()
    }
    from.on('data', (chunk: Buffer) => deliver(() => !to.destroyed && to.writable && to.write(change(chunk))))
    from.on('end', () => deliver(() => to.end()))
    from.on('error', () => deliver(() => to.destroy()))
    from.on('close', () => deliver(() => to.destroy()))
  }

  const reset = (): void => {
    for (const { client, target } of pairs) {
      client.resetAndDestroy()
      target.destroy()
    }
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    get connections() {
      return connections
    },
    freeze: () => (mode = 'frozen'),
    restore: () => {
      if (mode === 'frozen') reset()
      mode = 'pass'
    },
    reset,
    halfClose: () => {
      for (const { client } of pairs) client.end()
    },
    refuse: () => (mode = 'refuse'),
    close: async () => {
      reset()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    }
  }
}
