import { randomUUID } from 'node:crypto'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { tmpdir } from 'node:os'
import { describe, expect, it } from 'vitest'
import type { Alert } from '#contract/alerts.ts'
import type { SilenceId } from '#contract/ids.ts'
import { alertOf, keptOf } from '../../test/fakes/alerts.ts'
import type { AlertsKept } from '../application/alerts/alert-store.ts'
import { serverRecord } from '../storage/test-support.ts'
import { statusCommand } from './status-command.ts'

const NOW_MS = Date.UTC(2026, 10, 28, 12)
const record = serverRecord('alpha')
const lookedAt = (atMs: number, isClosing = false, ownNetworkLost: { sinceAtMs: number } | null = null) =>
  JSON.stringify({ atMs, isClosing, ownNetworkLost })

const keptWith = (
  alerts: readonly Alert[],
  looked: string | null = lookedAt(NOW_MS - 20_000)
): AlertsKept => ({
  rules: [],
  silences: [],
  maintenances: [],
  alerts: alerts.map((alert) => keptOf(alert)),
  memory: looked === null ? {} : { looked }
})
const red = alertOf({ serverId: record.id, raisedAtMs: NOW_MS - 60_000 })
const amber = alertOf({ serverId: record.id, level: 'AMBER', redAtMs: null, raisedAtMs: NOW_MS - 60_000 })

async function run(kept: AlertsKept, args: readonly string[] = [], dataFolder = tmpdir()) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const said = Promise.all([text(stdout), text(stderr)])
  const code = await statusCommand(args, {
    stdout,
    stderr,
    nowMs: NOW_MS,
    dataFolderOf: () => dataFolder,
    openReader: async () => ({
      alerts: { load: async () => kept },
      servers: {
        list: async () => [{ record, facts: null, factsAtMs: null, lastNow: null, lastGoodAddress: null }]
      },
      close: async () => undefined
    })
  })
  stdout.end()
  stderr.end()
  const [output, errors] = await said
  return { code, output, errors, json: args.includes('--json') ? (JSON.parse(output) as object) : null }
}

describe('npm run status', () => {
  it('ends with 0 when all is well, 1 AMBER, 2 RED', async () => {
    expect(await run(keptWith([]))).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^GREEN/) as string
    })
    expect(await run(keptWith([amber]))).toMatchObject({ code: 1 })
    expect(await run(keptWith([amber, red]))).toMatchObject({ code: 2 })
  })

  it('says what is wrong, in lines that nothing remote can break', async () => {
    const hostile = alertOf({
      serverId: record.id,
      watch: { kind: 'metric', entityKind: 'mount', metric: 'usedRatio', pattern: '' },
      label: '/srv\n\u001b[31mGREEN: all is well'
    })
    const { output } = await run(keptWith([hostile]))
    expect(output).not.toContain('\u001b')
    expect(output.split('\n')).toHaveLength(4)
    expect(output).toContain('alpha: file system /srv')
  })

  it('does not count what is kept quiet now, whatever it was when it was kept', async () => {
    const silence = {
      scope: { kind: 'fleet' as const },
      ruleId: null,
      untilAtMs: null,
      note: '',
      madeAtMs: 0
    }
    const silences = [{ ...silence, id: randomUUID() as SilenceId }]
    const { code, json } = await run({ ...keptWith([red]), silences }, ['--json'])
    expect(code).toBe(0)
    expect(json).toMatchObject({ colour: 'GREEN', red: 0, quiet: 1, alerts: [{ quiet: 'silence' }] })
    const wasQuiet = { ...red, quiet: { reason: 'silence' as const, untilAtMs: NOW_MS - 1 } }
    expect(await run(keptWith([wasQuiet]))).toMatchObject({ code: 2 })
  })

  it('says how old the state is, and that no console runs', async () => {
    const running = await run(keptWith([red]))
    expect(running.output).toContain('The console runs; it looked 20 s ago at the latest.')
    const closed = await run(keptWith([red], lookedAt(NOW_MS - 7_200_000, true)), ['--json'])
    expect(closed).toMatchObject({
      code: 2,
      json: { consoleRunning: false, ageMs: 7_200_000, colour: 'RED' }
    })
    const killed = await run(keptWith([], lookedAt(NOW_MS - 7_200_000)))
    expect(killed.output).toContain('The console is not running: this is the state of 2 h ago')
  })

  it('cannot say: no data folder, nobody looked yet, or too long ago', async () => {
    expect(await run(keptWith([]), [], '/nowhere/at/all')).toMatchObject({ code: 3, output: '' })
    expect(await run(keptWith([], null), ['--json'])).toMatchObject({
      code: 3,
      json: { colour: null, unknown: 'neverLooked' }
    })
    const old = keptWith([red], lookedAt(NOW_MS - 700_000))
    expect(await run(old, ['--max-age', '10m'])).toMatchObject({ code: 3 })
    expect(await run(old, ['--max-age', '12m'])).toMatchObject({ code: 2 })
  })

  it("tells that it is this computer's own network", async () => {
    const kept = keptWith([], lookedAt(NOW_MS, false, { sinceAtMs: NOW_MS - 5_000 }))
    expect((await run(kept)).output).toContain('own network is lost')
  })

  it('ends with 64 when the options are wrong', async () => {
    expect(await run(keptWith([]), ['--frobnicate'])).toMatchObject({ code: 64, output: '' })
    expect(await run(keptWith([]), ['--max-age', 'soon'])).toMatchObject({ code: 64 })
    expect(await run(keptWith([]), ['--help'])).toMatchObject({ code: 0 })
  })
})
