/** The whole engine over the demo fleet: what a rule says of a server reaches a real webhook and a real mail server. */
import { createHmac } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { RuleDraft } from '#contract/alert-rules.ts'
import { ChannelDraft } from '#contract/alert-channels.ts'
import type { ChannelId } from '#contract/ids.ts'
import { silentLog } from '../../test/fakes/engine-parts.ts'
import { SmtpServer } from '../../test/fakes/smtp-server.ts'
import { DESKTOP_CHANNEL } from '../application/alert-channels/alert-channels.ts'
import { startDemoFleet, type DemoFleet } from '../demo/index.ts'
import { browserReportDesk } from '../platform/browser-report-desk.ts'
import { downloadExportTarget } from '../platform/download-export-target.ts'
import { memoryCipher } from '../platform/memory-cipher.ts'
import { compose, type Engine } from './compose.ts'
import { workers } from './installation.ts'

const TOLD_WITHIN_MS = 20_000

interface Got {
  readonly signed: boolean
  readonly told: readonly string[]
}

let fleet: DemoFleet
let dataFolder: string
let engine: Engine
let hooks: Server
let mail: SmtpServer
let got: Got[]
let shown: string[]
const { signal } = new AbortController()

beforeEach(async () => {
  got = []
  shown = []
  hooks = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      const { alerts } = JSON.parse(body.toString()) as { alerts: { news: string; serverName: string }[] }
      const signature = `sha256=${createHmac('sha256', 'key').update(body).digest('hex')}`
      got.push({
        signed: request.headers['x-virthelm-signature'] === signature,
        told: alerts.map(({ news, serverName }) => `${news} ${serverName}`)
      })
      response.end()
    })
  })
  await new Promise<void>((done) => hooks.listen(0, '127.0.0.1', done))
  mail = new SmtpServer()
  dataFolder = await mkdtemp(join(tmpdir(), 'virthelm-channels-'))
  fleet = await startDemoFleet({ servers: 1 })
  engine = await compose({
    platform: {
      info: {
        version: 'test',
        mode: 'browser',
        demo: true,
        dataFolder,
        platform: 'linux',
        secretStore: { canKeep: false, backend: 'memory' }
      },
      cipher: memoryCipher(),
      notifier: { show: ({ title }) => void shown.push(title) },
      exportTarget: downloadExportTarget(),
      exportsSecrets: false,
      log: silentLog,
      reportDesk: browserReportDesk(() => null),
      openDemo: async () => null
    },
    dataFolder,
    workers,
    demo: fleet.servers
  })
})
afterEach(async () => {
  await engine.close()
  await fleet.close()
  await mail.close()
  await new Promise((done) => hooks.close(done))
  await rm(dataFolder, { recursive: true, force: true })
})

it('tells the raise and the end of an alert by every channel, each once', async () => {
  const { handlers } = engine
  await handlers['settings.change']({ intervalMs: 2_000 }, { signal })
  const smtp = { host: '127.0.0.1', port: await mail.listen(), security: 'none' as const, user: null }
  const url = `http://127.0.0.1:${String((hooks.address() as AddressInfo).port)}/`
  const save = (draft: ChannelDraft, secret: string | null, channelId: ChannelId | null = null) =>
    handlers['alertChannels.save']({ channelId, draft, secret }, { signal })
  const desktop = ChannelDraft.parse({ name: 'Desktop', target: { kind: 'desktop' }, gatherMs: 0 })
  await save(desktop, null, DESKTOP_CHANNEL)
  await save(ChannelDraft.parse({ name: 'Hook', target: { kind: 'webhook', url }, gatherMs: 0 }), 'key')
  const target = { kind: 'email' as const, ...smtp, from: 'a@example.org', to: ['b@example.org'] }
  await save(ChannelDraft.parse({ name: 'Mail', target, gatherMs: 0 }), null)
  const draft = RuleDraft.parse({
    name: 'Memory of any kind',
    watch: { kind: 'metric', entityKind: 'server', metric: 'memoryUsedRatio' },
    scopes: [{ kind: 'fleet' }],
    condition: {
      direction: 'above',
      threshold: 0.000_1,
      recoverAt: 0,
      forMs: 0,
      recoverForMs: 0,
      minSamples: 1,
      forecastWithinMs: null,
      noDataForMs: null
    },
    telling: { channels: 'all', againEveryMs: null, recovery: true }
  })
  const { ruleId } = await handlers['alertRules.save']({ ruleId: null, draft }, { signal })
  await expect
    .poll(() => got, { timeout: TOLD_WITHIN_MS })
    .toEqual([{ signed: true, told: ['raised kvm-alpha'] }])
  await expect.poll(() => mail.mails.length, { timeout: TOLD_WITHIN_MS }).toBe(1)
  expect(mail.mails[0]?.data).toMatch(/Subject: \[Virthelm\] RED: kvm-alpha: memory used /)
  await handlers['alertRules.remove']({ ruleId }, { signal })
  await expect.poll(() => got.length, { timeout: TOLD_WITHIN_MS }).toBe(2)
  expect(got[1]).toEqual({ signed: true, told: ['recovered kvm-alpha'] })
  await expect.poll(() => mail.mails.length, { timeout: TOLD_WITHIN_MS }).toBe(2)
  await expect.poll(() => shown.length, { timeout: TOLD_WITHIN_MS }).toBe(2)
  expect(shown[0]).toMatch(/^RED: kvm-alpha: memory used /)
}, 90_000)
