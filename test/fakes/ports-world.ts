/** Ports, wake-ups and power of the engine over one played server, "alpha", whose ports answer as a test says. */
import { AppError } from '#contract/errors.ts'
import { openPorts } from '../../src-main/application/ports/port-engine.ts'
import type { PowerSent, Probed } from '../../src-main/application/ports/port-access.ts'
import { SealedTexts } from '../../src-main/application/sealed-texts.ts'
import type { ServerDirectory } from '../../src-main/application/servers/server-directory.ts'
import { Telemetry } from '../../src-main/application/telemetry/telemetry.ts'
import { memoryCipher } from '../../src-main/platform/memory-cipher.ts'
import { draftOf, FakeWorld } from './directory.ts'
import { silentLog } from './engine-parts.ts'

const never = new AbortController().signal
const quiet = { signal: never, progress: () => undefined }
export const PORTS_WORLD_MAC = '52:54:00:aa:00:01'

export async function portsWorld() {
  const fake = new FakeWorld()
  const states = new Map<number, Probed['state']>()
  const knocked: number[] = []
  const magic: { mac: string; broadcasts: readonly string[] }[] = []
  const played = {
    sent: { kind: 'ended', exitCode: 0, stderr: '' } as PowerSent,
    onPower: (): void => undefined,
    command: 'systemctl poweroff' as string | null
  }
  let directory: ServerDirectory | null = null
  const { blobs, journal } = fake.storage.asStorage()
  const engine = openPorts({
    ports: {
      probe: async (_address, port) => {
        knocked.push(port)
        const state = states.get(port) ?? 'closed'
        return {
          state,
          reason: state === 'open' ? 'synAck' : state === 'closed' ? 'reset' : 'noResponse',
          answerMs: state === 'filtered' ? null : 1
        }
      },
      resolve: async () => ['192.0.2.1'],
      readListening: () => Promise.reject(new AppError('deadlineExceeded')),
      readLan: async () => [
        {
          name: 'eno1',
          mac: PORTS_WORLD_MAC,
          address: '192.0.2.1',
          prefix: 24,
          broadcast: '192.0.2.255',
          isDefaultRoute: true,
          wakes: null
        }
      ]
    },
    power: {
      sendMagic: async (target) => {
        magic.push(target)
        return target.broadcasts.length * target.ports.length
      },
      planMagicFrom: () => Promise.reject(new AppError('wakeNotSent', { params: { reason: 'noTool' } })),
      planPower: async () => ({ command: played.command, cause: null, users: null }),
      sendPower: async () => {
        played.onPower()
        return played.sent
      }
    },
    blobs,
    sealed: new SealedTexts({ cipher: memoryCipher(), blobs }),
    journal,
    clock: fake.clock,
    log: silentLog,
    random: () => 1,
    onJournal: () => undefined,
    directory: () => directory as ServerDirectory
  })
  fake.telemetry = new Telemetry([engine.subject])
  directory = fake.open()
  const serverId = await directory.add(draftOf(), undefined)
  await fake.clock.advance(20_000)
  const handlers = engine.handlers()
  const scan = (ports = '22,80'): Promise<unknown> => {
    const done = handlers['ports.scan'](
      { serverId, seenName: 'alpha', ports, origins: ['direct'], inside: 'loopback' },
      quiet
    )
    return Promise.all([done, fake.clock.advance(100)])
  }
  const changes = (): string[] =>
    fake.marks.flatMap(({ event }) =>
      event.kind === 'portChanged' ? [`${event.port} ${event.from} ${event.to}`] : []
    )
  const close = async (): Promise<void> => {
    await (directory as ServerDirectory).close()
    await engine.subject.close?.()
  }
  return { fake, directory, serverId, engine, handlers, states, knocked, magic, played, scan, changes, close }
}
