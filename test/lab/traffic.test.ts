/**
 * Web traffic of a real server: a real Squid and a real nginx with logs of their own, real requests through them, rotated by the
 * real logrotate; read over real ssh into a real data folder. Every total is counted again by awk, which knows nothing of the console.
 */
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ServerId } from '#contract/ids.ts'
import type { LogStatus, TrafficBy, TrafficView } from '#contract/traffic.ts'
import { systemClock } from '../../src-main/application/clock.ts'
import type { Connection } from '../../src-main/application/servers/connection.ts'
import type { Storage } from '../../src-main/application/storage.ts'
import type { LaneReading, LaneSession } from '../../src-main/application/telemetry/lane.ts'
import { createTraffic } from '../../src-main/application/traffic/traffic-handlers.ts'
import { createTools } from '../../src-main/remote/tools/tool-shell.ts'
import { createLogFiles } from '../../src-main/remote/traffic/log-files.ts'
import { openAt } from '../../src-main/storage/test-open.ts'
import { silentLog } from '../fakes/engine-parts.ts'
import { connectTo, labConnector } from './console.ts'
import * as lab from './lab.ts'

const missing = lab.whyNoLab()
const SERVER = 'lab2'
const PROXY = '127.0.0.1:13128'
const ORIGIN = '127.0.0.1:18081'
const serverId = ServerId.parse('00000000-0000-4000-8000-0000000000a1')
const never = new AbortController().signal

const squidConf = (folder: string): string => `
http_port ${PROXY}
visible_hostname lab
pid_filename ${folder}/squid.pid
access_log stdio:${folder}/squid/access.log squid
cache_log ${folder}/squid/cache.log
cache_store_log none
coredump_dir ${folder}
hosts_file ${folder}/hosts
dns_nameservers 127.0.0.1
cache_mem 16 MB
http_access allow all
logfile_rotate 0
shutdown_lifetime 1 second
pinger_enable off
netdb_filename none
`
const nginxConf = (folder: string): string => `
user www-data;
pid ${folder}/nginx.pid;
error_log ${folder}/nginx/error.log;
events { worker_connections 64; }
http {
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  log_format timed '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $request_time';
  access_log ${folder}/nginx/access.log timed;
  server {
    listen ${ORIGIN};
    location /kept/ { add_header Cache-Control "max-age=3600"; return 200 "kept for an hour\\n"; }
    location /new/ { add_header Cache-Control "no-store"; return 200 "never kept\\n"; }
    location /broken/ { return 503; }
    location / { return 404; }
  }
}
`
const logrotateConf = (folder: string): string => `
${folder}/squid/access.log {
  rotate 9
  compress
  delaycompress
  create 640 proxy proxy
  su root root
  postrotate
    squid -n labtraffic -f ${folder}/squid.conf -k rotate
  endscript
}
${folder}/nginx/access.log {
  rotate 9
  compress
  create 640 www-data adm
  su root root
  postrotate
    kill -USR1 $(cat ${folder}/nginx.pid)
  endscript
}
`

/** One account's console on the server: readings when the test asks for them. */
class TrafficConsole {
  readonly handlers
  readonly #subject
  readonly #connection: Connection
  readonly #tools
  readonly #session: LaneSession
  readonly #board = new AbortController()
  view: TrafficView = { logs: [], newest: [] }
  last: LaneReading | null = null

  constructor(connection: Connection, storage: Storage) {
    this.#connection = connection
    this.#tools = createTools(connection)
    const { subject, handlers } = createTraffic({
      history: storage.history,
      blobs: storage.blobs,
      clock: systemClock,
      filesOf: createLogFiles,
      zone: () => 'utc'
    })
    this.#subject = subject
    this.handlers = handlers
    const [lane] = subject.lanes
    if (lane === undefined) throw new Error('no lane')
    this.#session = lane.open({
      serverId,
      connection,
      tools: this.#tools,
      sampling: {} as never,
      clock: systemClock,
      log: silentLog,
      sudo: () => '',
      signal: never
    })
  }

  async open(paths: readonly string[]): Promise<void> {
    await this.#subject.load?.(serverId)
    const logs = paths.map((path) => ({ path, format: 'auto' as const }))
    await this.handlers['traffic.setOptions']({ serverId, options: { logs } }, { signal: never })
    void this.#follow()
    await this.read()
  }

  async read(): Promise<void> {
    this.last = await this.#session.read(never)
    await new Promise((resolve) => setImmediate(resolve))
  }

  status(path: string): LogStatus {
    const log = this.view.logs.find((one) => one.path === path)
    if (log === undefined) throw new Error(`nothing of ${path}`)
    return log
  }

  async sums(path: string, by: TrafficBy): Promise<string[]> {
    const query = {
      serverIds: [serverId],
      paths: [path],
      fromDay: '2000-01-01',
      toDay: '2100-01-01',
      by,
      limit: 100
    }
    const { rows } = await this.handlers['traffic.totals'](query, { signal: never })
    return rows.map(({ key, visits, bytes }) => `${key} ${visits} ${bytes}`).sort()
  }

  async hits(path: string): Promise<number> {
    const query = {
      serverIds: [serverId],
      paths: [path],
      fromDay: '2000-01-01',
      toDay: '2100-01-01',
      by: 'day' as const,
      limit: 1
    }
    return (await this.handlers['traffic.totals'](query, { signal: never })).total.hits
  }

  close(): void {
    this.#board.abort()
    this.#session.close()
    this.#tools.close()
    this.#connection.close()
  }

  async #follow(): Promise<void> {
    for await (const view of this.handlers['traffic.watch']({ serverId }, { signal: this.#board.signal }))
      this.view = view
  }
}

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
