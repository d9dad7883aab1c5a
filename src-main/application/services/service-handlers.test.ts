import { AppError } from '#contract/errors.ts'
import { UnitName } from '#contract/vocabulary.ts'
import { expect, it } from 'vitest'
import { FakeClock, FakeStorage } from '../../../test/fakes/engine-parts.ts'
import { ServerId } from '#contract/ids.ts'
import type { ServerDirectory } from '../servers/server-directory.ts'
import { serviceHandlers } from './service-handlers.ts'
import type { LogResult, ServiceHost } from './service-host.ts'
import { openServices } from './services.ts'

const serverId = ServerId.parse('11111111-1111-4111-8111-111111111111')
const target = { kind: 'unit', name: UnitName.parse('nginx.service') } as const

/** Restarts a unit of a server whose log is read like this. */
async function restartWith(log: () => Promise<LogResult>) {
  const { blobs, journal } = new FakeStorage().asStorage()
  const clock = new FakeClock()
  const host = {
    act: async () => ({ exitCode: 0, message: '', denied: false }),
    stateOf: async () => 'active',
    log
  } as unknown as ServiceHost
  const record = { id: serverId, name: 'kvm', lookOnly: false, useSudo: false, connection: { user: 'op' } }
  const directory = { get: () => ({ record, connection: {} }) } as unknown as ServerDirectory
  const services = openServices({ host, blobs, clock })
  const handlers = serviceHandlers({ directory, services, host, journal, clock, onJournal: () => undefined })
  const signal = new AbortController().signal
  return handlers['services.act']({ serverId, target, action: 'restart' }, { signal })
}

it('says with the outcome why there is no log', async () => {
  const refused = await restartWith(async () => ({ lines: [], denied: true, message: 'Access denied' }))
  expect(refused).toMatchObject({
    outcome: 'done',
    log: { message: 'Access denied', fix: expect.stringContaining('systemd-journal') as string, error: null }
  })
  const late = await restartWith(() =>
    Promise.reject(new AppError('deadlineExceeded', { retryable: true, params: { deadlineMs: 15_000 } }))
  )
  expect(late).toMatchObject({
    outcome: 'done',
    stateNow: 'active',
    log: { lines: [], error: { code: 'deadlineExceeded', params: { deadlineMs: 15_000 } } }
  })
})
