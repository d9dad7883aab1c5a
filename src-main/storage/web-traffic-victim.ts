/**
 * The victim of web-traffic.test.ts: goes on from the place that is kept, three lines at a time, and prints the place of what was
 * acknowledged, until it is killed. Arguments: data folder, worker URL.
 */
import { writeSync } from 'node:fs'
import { ServerId } from '#contract/ids.ts'
import { noSums } from '../domain/traffic/traffic-counts.ts'
import { openStorage } from './client.ts'
import { recordingLog, START_MS } from './test-support.ts'

const [dataFolder = '', workerUrl = ''] = process.argv.slice(2)
const serverId = ServerId.parse('00000000-0000-4000-8000-000000000001')
const path = '/var/log/squid/access.log'
const storage = await openStorage({
  dataFolder,
  workerUrl: new URL(workerUrl),
  log: recordingLog(),
  clock: { nowMs: () => START_MS }
})

const kept = await storage.history.trafficLog(serverId, path)
let revision = kept?.revision ?? null
let line = kept === null ? 0 : (JSON.parse(kept.state) as { line: number }).line
for (;;) {
  line += 3
  const sums = { ...noSums(), day: '2026-01-05', visits: 3 }
  revision = await storage.history.addTraffic({
    serverId,
    path,
    revision,
    state: JSON.stringify({ line }),
    counts: [
      { ...sums, kind: 'domain', key: `host${line % 5}.example` },
      { ...sums, kind: 'hour', key: '10' }
    ]
  })
  writeSync(1, `${line}\n`)
}
