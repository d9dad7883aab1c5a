/**
 * The victim of crash.test.ts: writes as fast as it can and prints a line for everything that was acknowledged, until it
 * is killed. Arguments: data folder, first time, worker URL.
 */
import { writeSync } from 'node:fs'
import { ServerId } from '#contract/ids.ts'
import { openStorage } from './client.ts'
import { errorCode } from './sqlite.ts'
import { recordingLog, serverRecord } from './test-support.ts'

const [folder = '', startText = '0', workerUrl = ''] = process.argv.slice(2)
const startMs = Number(startText)
const SERVERS = [1, 2, 3].map((number) => ServerId.parse(`00000000-0000-4000-8000-00000000000${number}`))

const storage = await openStorage({
  dataFolder: folder,
  workerUrl: new URL(workerUrl),
  log: recordingLog(),
  clock: { nowMs: () => startMs }
})

/** Straight to the pipe: what is written is out, whatever happens next. A full pipe is waited for. */
function acknowledge(line: string): void {
  for (;;) {
    try {
      writeSync(1, `${line}\n`)
      return
    } catch (error) {
      if (errorCode(error) !== 'EAGAIN') throw error
    }
  }
}

async function ticks(serverId: ServerId): Promise<void> {
  for (let count = 1; ; count++) {
    const atMs = startMs + count * 1_000
    const appended = storage.history.append({
      serverId,
      atMs,
      entities: [
        { kind: 'server', key: '', values: { processesTotal: count, cpuUsedRatio: (count % 100) / 100 } },
        { kind: 'vm', key: `vm-${count % 40}`, values: { memoryUsedBytes: atMs } }
      ]
    })
    // Some ticks wait for others and some do not, as when somebody reads.
    if (count % 3 > 0) await storage.history.flush()
    await appended
    acknowledge(`tick ${serverId} ${atMs} ${count}`)
  }
}

async function journal(): Promise<void> {
  for (let count = 1; ; count++) {
    const entry = await storage.journal.begin({
      atMs: startMs + count,
      serverId: ServerId.parse('00000000-0000-4000-8000-000000000009'),
      serverName: 'a',
      vmUuid: null,
      vmName: null,
      action: 'machine.start',
      command: `command ${count}`
    })
    acknowledge(`journal ${entry.id} command ${count}`)
    // A few per life: a list of thousands would slow every later cycle down.
    if (count > 2) continue
    const record = serverRecord(`server ${startMs} ${count}`)
    await storage.servers.insert(record)
    acknowledge(`server ${record.id}`)
  }
}

acknowledge('ready')
await Promise.all([...SERVERS.map(ticks), journal()])
