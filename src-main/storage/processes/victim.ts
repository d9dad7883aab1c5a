/**
 * The victim of crash.test.ts beside it: keeps readings of processes as fast as it can and prints the time of each that was
 * acknowledged, until it is killed. Arguments: data folder, first time, worker URL.
 */
import { writeSync } from 'node:fs'
import { ServerId } from '#contract/ids.ts'
import { openStorage } from '../client.ts'
import { recordingLog } from '../test-support.ts'

const [dataFolder = '', startText = '0', workerUrl = ''] = process.argv.slice(2)
const startMs = Number(startText)
const serverId = ServerId.parse('00000000-0000-4000-8000-000000000001')
const storage = await openStorage({
  dataFolder,
  workerUrl: new URL(workerUrl),
  log: recordingLog(),
  clock: { nowMs: () => startMs }
})

for (let count = 0; ; count++) {
  // Twelve to the hour: hours are sealed under way.
  const atMs = startMs + count * 300_000
  await storage.processes.append({
    serverId,
    atMs,
    memoryTotalBytes: 2 ** 30,
    processes: [
      {
        pid: 812,
        startTicks: 4711,
        name: 'nginx',
        commandLine: `nginx ${count % 7}`,
        user: 'www-data',
        state: 'S',
        startedAtMs: startMs,
        cpuRatio: 0.25,
        cpuUserMs: atMs - startMs,
        cpuSystemMs: 0,
        residentBytes: 4096 * (1 + count),
        virtualBytes: 2 ** 27,
        swapBytes: null,
        memoryRatio: 0.1,
        threads: 3,
        nice: 0,
        readBytes: null,
        writeBytes: null
      }
    ]
  })
  writeSync(1, `${atMs} ${4096 * (1 + count)}\n`)
}
