/**
 * Web traffic of a real server: a real Squid and a real nginx with logs of their own, real requests through them, rotated by the
 * real logrotate; read over real ssh into a real data folder. Every total is counted again by awk, which knows nothing of the console.
 */
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Storage } from '../../src-main/application/storage.ts'
import { openAt } from '../../src-main/storage/test-open.ts'
import { connectTo, labConnector } from './console.ts'
import * as lab from './lab.ts'
import {
  logrotateConf,
  nginxConf,
  ORIGIN,
  PROXY,
  serverId,
  squidConf,
  TrafficConsole
} from './traffic-parts.ts'

const missing = lab.whyNoLab()
const SERVER = 'lab2'
const never = new AbortController().signal

describe.skipIf(missing !== null)(
  `web traffic of a real server${missing === null ? '' : ` (${missing})`}`,
  () => {
    let folder: string
    let storage: Storage
    let dataFolder: string
    const consoles: TrafficConsole[] = []
    let connector: ReturnType<typeof labConnector>

    const shell = async (command: string): Promise<string> =>
      (await lab.inServer(SERVER, ['bash', '-c', command], { timeoutMs: 60_000 })).stdout
    const squidLog = (): string => `${folder}/squid/access.log`
    const nginxLog = (): string => `${folder}/nginx/access.log`

    beforeEach(async () => {
      folder = (await shell('mktemp -d /tmp/virthelm-traffic-XXXXXX')).trim()
      dataFolder = mkdtempSync(join(tmpdir(), 'virthelm-traffic-data-'))
      const files = {
        hosts: '127.0.0.1 one.test two.test\n',
        'squid.conf': squidConf(folder),
        'nginx.conf': nginxConf(folder),
        'logrotate.conf': logrotateConf(folder)
      }
      await shell(`chmod 755 ${folder}`)
      // The server has a /tmp of its own.
      for (const [name, input] of Object.entries(files))
        await lab.inServer(SERVER, ['sh', '-c', `cat >${folder}/${name}; chmod 644 ${folder}/${name}`], {
          input
        })
      await shell(`mkdir ${folder}/squid ${folder}/nginx
      chown proxy:proxy ${folder}/squid; chmod 750 ${folder}/squid; chown www-data:adm ${folder}/nginx
      nginx -c ${folder}/nginx.conf -e ${folder}/nginx/error.log
      squid -n labtraffic -N -f ${folder}/squid.conf >${folder}/squid.out 2>&1 </dev/null & disown
      for i in $(seq 100); do curl -s -o /dev/null http://${PROXY}/ && break; sleep 0.1; done`)
      lab.onRestore(async () => {
        await shell(
          `squid -n labtraffic -f ${folder}/squid.conf -k kill; kill $(cat ${folder}/nginx.pid); rm -rf ${folder}`
        )
        await rm(dataFolder, { recursive: true, force: true })
      })
      storage = await openAt(dataFolder, Date.now())
      connector = labConnector()
    })

    afterEach(async () => {
      for (const one of consoles.splice(0)) one.close()
      connector.close()
      await storage.close()
      await lab.restoreLab()
    })

    async function openConsole(user: string, paths: readonly string[]): Promise<TrafficConsole> {
      const made = new TrafficConsole(await connectTo(connector, { server: SERVER, user }), storage)
      consoles.push(made)
      await made.open(paths)
      return made
    }

    /** So many of each kind: fetched, fetched again from the cache, missing, broken; and one straight to nginx. */
    const request = (count: number): Promise<string> =>
      shell(`for i in $(seq ${count}); do
        for what in one.test:18081/kept/a one.test:18081/new/$i two.test:18081/none/$i two.test:18081/broken/$i; do
          curl -s -o /dev/null -x http://${PROXY} http://$what
        done
        curl -s -o /dev/null http://${ORIGIN}/new/straight
      done
      curl -s -o /dev/null -x http://${PROXY} https://two.test:18081/ || true`)
    const rotate = (): Promise<string> =>
      shell(`logrotate -f -s ${folder}/logrotate.state ${folder}/logrotate.conf`)
    /** Every file of a log, by awk. */
    const recount = async (log: string, program: string): Promise<string[]> =>
      (await shell(`for f in ${log}*; do zcat -f "$f"; done | awk '${program}'`))
        .split('\n')
        .filter(Boolean)
        .sort()

    const SQUID_BY_DOMAIN = `{ d = $7; if ($6 == "CONNECT") sub(/:[0-9]+$/, "", d); else if (d ~ /^[a-z]+:\\/\\//) { sub(/^[a-z]+:\\/\\//, "", d); sub(/[:\\/].*/, "", d) } else d = "/"; n[d]++; b[d] += $5 } END { for (k in n) print k, n[k], b[k] }`
    const SQUID_BY_STATUS = `{ split($4, r, "/"); n[r[2]]++; b[r[2]] += $5 } END { for (k in n) print k, n[k], b[k] }`
    const NGINX_BY_STATUS = `{ split($0, q, "\\""); split(q[3], r, " "); n[r[1]]++; b[r[1]] += r[2] } END { for (k in n) print k, n[k], b[k] }`

    async function expectEqual(console_: TrafficConsole): Promise<void> {
      expect(await console_.sums(squidLog(), 'domain')).toEqual(await recount(squidLog(), SQUID_BY_DOMAIN))
      expect(await console_.sums(squidLog(), 'status')).toEqual(await recount(squidLog(), SQUID_BY_STATUS))
      expect(await console_.sums(nginxLog(), 'status')).toEqual(await recount(nginxLog(), NGINX_BY_STATUS))
    }
    /** Until all is read: a file that was rotated away is left ten seconds after its last line. */
    async function readAll(console_: TrafficConsole): Promise<void> {
      await lab.eventually(
        'everything is read',
        async () => {
          await console_.read()
          const isDone = (path: string): boolean => console_.status(path).behindBytes === 0
          return isDone(squidLog()) && isDone(nginxLog())
        },
        60_000,
        1_000
      )
    }

    it('totals equal a recount, over logrotate’s rotations, also those while the console was away', async () => {
      let own = await openConsole('root', [squidLog(), nginxLog()])
      await own.handlers['traffic.countPast'](
        { serverId, path: squidLog(), days: 2 },
        { signal: never, progress: () => undefined }
      )
      await request(5)
      await readAll(own)
      expect(own.status(squidLog())).toMatchObject({ detected: { format: 'squid' }, unreadableLines: 0 })
      expect(own.status(nginxLog())).toMatchObject({ detected: { format: 'combined', timing: 'seconds' } })
      await expectEqual(own)

      await request(3)
      await rotate()
      await request(4)
      await readAll(own)
      await expectEqual(own)
      own.close()
      consoles.splice(0)

      await request(2)
      await rotate()
      await request(3)
      await rotate()
      await request(1)
      own = await openConsole('root', [squidLog(), nginxLog()])
      await readAll(own)
      await expectEqual(own)
      const hits = await recount(squidLog(), '$4 ~ /HIT/ { n++ } END { print n + 0 }')
      expect([String(await own.hits(squidLog()))]).toEqual(hits)
      expect(Number(hits[0])).toBeGreaterThan(10)
      expect(own.status(squidLog()).lostParts).toBe(0)
      console.log(`files: ${(await shell(`ls ${folder}/squid ${folder}/nginx`)).replaceAll('\n', ' ')}`)
    }, 240_000)

    it('the past of a log is counted with all its rotated files', async () => {
      await request(4)
      await rotate()
      await request(3)
      await rotate()
      await request(2)
      const own = await openConsole('root', [squidLog(), nginxLog()])
      expect(await own.sums(squidLog(), 'day')).toEqual([])
      await request(2)
      await readAll(own)
      for (const path of [squidLog(), nginxLog()])
        await own.handlers['traffic.countPast'](
          { serverId, path, days: 7 },
          { signal: never, progress: () => undefined }
        )
      await readAll(own)
      await expectEqual(own)
    }, 120_000)

    it('an account without rights gets the reason and the line that mends it', async () => {
      await request(1)
      const own = await openConsole('plain', [squidLog(), nginxLog()])
      expect(own.last?.capabilities).toEqual([
        { id: 'accessLogs', works: false, cause: 'permissionDenied', fix: 'sudo usermod -aG proxy plain' }
      ])
      expect(own.status(squidLog())).toMatchObject({ cause: 'permissionDenied' })
      expect(await own.sums(squidLog(), 'day')).toEqual([])
    }, 60_000)
  }
)
