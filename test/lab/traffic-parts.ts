/** A Squid, an nginx and their logrotate for test/lab/traffic.test.ts, and a console that reads when it is asked to. */
import { ServerId } from '#contract/ids.ts'
import type { LogStatus, TrafficBy, TrafficView } from '#contract/traffic.ts'
import { systemClock } from '../../src-main/application/clock.ts'
import type { Connection } from '../../src-main/application/servers/connection.ts'
import type { Storage } from '../../src-main/application/storage.ts'
import type { LaneReading, LaneSession } from '../../src-main/application/telemetry/lane.ts'
import { createTraffic } from '../../src-main/application/traffic/traffic-handlers.ts'
import { createTools } from '../../src-main/remote/tools/tool-shell.ts'
import { createLogFiles } from '../../src-main/remote/traffic/log-files.ts'
import { silentLog } from '../fakes/engine-parts.ts'

export const PROXY = '127.0.0.1:13128'
export const ORIGIN = '127.0.0.1:18081'
export const serverId = ServerId.parse('00000000-0000-4000-8000-0000000000a1')
const never = new AbortController().signal

export const squidConf = (folder: string): string => `
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
export const nginxConf = (folder: string): string => `
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
export const logrotateConf = (folder: string): string => `
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
export class TrafficConsole {
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
