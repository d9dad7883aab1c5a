/** The lanes of cards, sensors and power over real sshd: a nvidia-smi that hangs and dies (played, on the account's PATH), and the real /sys. */
import { afterEach, describe, expect, it } from 'vitest'
import type { GpusView } from '#contract/gpus.ts'
import { systemClock } from '../../src-main/application/clock.ts'
import { gpuPowerSubject } from '../../src-main/application/gpu-power/gpu-power-subject.ts'
import type { ServerRuntime } from '../../src-main/application/servers/server-runtime.ts'
import { Telemetry } from '../../src-main/application/telemetry/telemetry.ts'
import { createGpuPowerProbes } from '../../src-main/remote/gpu-power/index.ts'
import { FakeHypervisor, FakeStorage, silentLog } from '../fakes/engine-parts.ts'
import { recordedText } from '../fakes/sysfs-tree.ts'
import { startLabConsole, type LabConsole } from './console.ts'
import * as lab from './lab.ts'

const missing = lab.whyNoLab()
const SERVER = 'lab1'
const INTERVAL_MS = 2_000
const BIN = '/tmp/gpu-bin'
const IDS = ['gpu', 'sensors', 'power'] as const

/** Its first start says nothing for 20 s, then one round, and dies; the next goes on as the real one does. */
const STAND_IN = `#!/bin/sh
cd ${BIN}
case $1 in
--query-gpu=*)
  echo start >>starts
  if [ "$(wc -l <starts)" -eq 1 ]; then sleep 20; cat rows; exit 1; fi
  while :; do cat rows; sleep 5; done;;
--query-compute-apps=*|pmon) ;;
-L) sed '/^@table/,$d' list;;
*) sed '1,/^@table/d' list;;
esac`

describe.skipIf(missing !== null)(
  `cards, sensors and power of real servers${missing === null ? '' : ` (${missing})`}`,
  () => {
    let opened: { console_: LabConsole; subject: ReturnType<typeof gpuPowerSubject> } | null = null

    function open() {
      const storage = new FakeStorage().asStorage()
      const subject = gpuPowerSubject({
        probes: createGpuPowerProbes(),
        history: { addDayTotals: async () => undefined, dayTotals: async () => [] },
        blobs: storage.blobs,
        clock: systemClock,
        log: silentLog,
        zone: () => 'utc',
        mustKnow: () => undefined
      })
      const console_ = startLabConsole(new FakeHypervisor(), INTERVAL_MS, new Telemetry([subject]))
      opened = { console_, subject }
      return opened
    }

    afterEach(async () => {
      await opened?.console_.close()
      await opened?.subject.close?.()
      opened = null
      await lab.restoreLab()
    })

    const put = (name: string, text: string): Promise<unknown> =>
      lab.inServer(SERVER, ['sh', '-c', `cat >${BIN}/${name} && chmod 755 ${BIN}/${name}`], { input: text })

    async function installStandIn(): Promise<void> {
      lab.onRestore(async () => {
        await lab.inServer(SERVER, ['rm', '-rf', BIN])
      })
      await lab.inServer(SERVER, ['install', '-d', '-m', '777', BIN])
      await put('rows', recordedText('gpu/a100-mig.csv'))
      await put('list', recordedText('gpu/a100-mig-list.txt'))
      await put('nvidia-smi', STAND_IN)
      await lab.setSshdOptions(SERVER, [`SetEnv PATH=${BIN}:/usr/local/bin:/usr/bin:/bin`])
    }

    const smiPids = (): number[] => lab.processesOf(SERVER, (line) => line.includes('--query-gpu='))
    const starts = async (): Promise<number> =>
      (await lab.inServer(SERVER, ['cat', `${BIN}/starts`], { check: false })).stdout
        .split('\n')
        .filter(Boolean).length
    const gpuNow = (server: ServerRuntime) => server.view().now?.gpus ?? []

    it('samples at its pace while nvidia-smi hangs for 20 s, and starts it again when it has died', async () => {
      await installStandIn()
      const { console_, subject } = open()
      const server = await console_.add({ server: SERVER, user: 'op' })
      const views: GpusView[] = []
      const looking = new AbortController()
      const watching = (async () => {
        const context = { signal: looking.signal } as Parameters<(typeof subject.handlers)['gpus.watch']>[1]
        for await (const view of subject.handlers['gpus.watch']({ serverId: server.record.id }, context))
          views.push(view)
      })()
      await lab.eventually('it was started', async () => (await starts()) === 1, 30_000)
      await lab.eventually('cards come', () => gpuNow(server).length === 2, 45_000)
      await lab.eventually('it was started again', async () => (await starts()) === 2, 60_000)
      await lab.eventually(
        'cards come again',
        () => gpuNow(server).length === 2 && smiPids().length === 1,
        30_000
      )
      looking.abort()
      await watching

      // By the server's own time: no sample of the CPU came late.
      const uptimes = console_.storage.ticks.flatMap(({ entities }) =>
        entities.flatMap(({ kind, values }) =>
          kind === 'server' && 'uptimeSec' in values ? [values.uptimeSec ?? 0] : []
        )
      )
      expect(uptimes.length).toBeGreaterThan(20)
      const pauses = uptimes.slice(1).map((uptimeSec, at) => uptimeSec - (uptimes[at] ?? 0))
      expect(Math.max(...pauses)).toBeLessThan((INTERVAL_MS * 2) / 1_000)

      const last = views.at(-1)
      expect(last?.cards.map(({ slices }) => slices.length)).toEqual([0, 3])
      expect(last?.cudaVersion).toBe('12.2')
      const measured = console_.storage.ticks.flatMap(({ entities }) =>
        entities.filter(({ kind }) => kind === 'gpu')
      )
      expect(new Set(measured.map(({ key }) => key)).size).toBe(5)

      // Nothing is left on the server when the connection ends.
      await console_.close()
      await lab.eventually('the stand-in has ended', () => smiPids().length === 0, 20_000)
    })

    it('gives a reason for each thing that an unprivileged account cannot see in the real /sys', async () => {
      const { console_ } = open()
      const server = await console_.add({ server: SERVER, user: 'plain' })
      const capability = (id: string) => server.view().capabilities.find((candidate) => candidate.id === id)
      await lab.eventually(
        'all three lanes have spoken',
        () => IDS.every((id) => capability(id) !== undefined && capability(id)?.cause !== 'checking'),
        60_000
      )
      for (const id of IDS) {
        const found = capability(id)
        const { works, cause } = found ?? { works: false, cause: null }
        expect(works || cause !== null, `${id}: ${JSON.stringify(found)}`).toBe(true)
        // What works has values, what does not has none.
        const kind = id === 'sensors' ? 'sensor' : id
        const values = console_.storage.ticks.some(({ entities }) =>
          entities.some((entity) => entity.kind === kind)
        )
        expect(values).toBe(works)
      }
    })
  }
)
