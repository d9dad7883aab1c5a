/**
 * A real sshd of its own on loopback for one measurement: own keys, own folder, own cgroup (exact CPU time of everything
 * it starts, short-lived processes included) and, as root, own pid namespace (exact number of forks).
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

export interface MeasuredProcess {
  readonly child: ChildProcess
  /** CPU milliseconds of the process and everything it ever started. */
  cpuMs(): number
  /** Processes and threads started so far; null where that cannot be told. */
  forks(): number | null
  stop(): Promise<void>
}

export interface LocalSshd extends MeasuredProcess {
  readonly port: number
  readonly user: string
  readonly keyFile: string
  /** sshd's log so far. */
  log(): string
}

const CGROUP_ROOTS = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified']

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

export interface MeasuredOptions {
  /** As root: /proc shows what was started here and nothing else. */
  readonly ownProc?: boolean
}

export async function startSshd(name: string, measuredOptions: MeasuredOptions = {}): Promise<LocalSshd> {
  const folder = mkdtempSync(join(tmpdir(), 'virthelm-bench-'))
  process.once('exit', () => {
    rmSync(folder, { recursive: true, force: true })
  })
  const keyFile = join(folder, 'id')
  const hostKey = join(folder, 'host')
  for (const file of [keyFile, hostKey]) {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file])
  }
  // sshd as root wants this folder; a package's service makes it, a container has no service.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
  const port = await freePort()
  const options = [
    'ListenAddress=127.0.0.1',
    `HostKey=${hostKey}`,
    `AuthorizedKeysFile=${keyFile}.pub`,
    'StrictModes=no',
    'UsePAM=no',
    'PidFile=none',
    'PermitRootLogin=prohibit-password',
    // bash reads ~/.bashrc for a command over ssh at the first shell level; what that costs is the account's affair.
    'SetEnv=SHLVL=2'
  ].flatMap((option) => ['-o', option])
  const args = ['-D', '-e', '-f', '/dev/null', '-p', String(port), ...options]
  const measured = startMeasured(name, '/usr/sbin/sshd', args, measuredOptions)
  let log = ''
  measured.child.stderr?.on('data', (chunk: Buffer) => (log += chunk.toString()))
  await until(() => log.includes('Server listening'), `sshd does not listen: ${log}`)
  return {
    ...measured,
    port,
    user: userInfo().username,
    keyFile,
    log: () => log,
    async stop() {
      await measured.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

/** Starts a command in a cgroup and, as root, a pid namespace of its own. Throws where there is no cgroup v2. */
export function startMeasured(
  name: string,
  command: string,
  args: readonly string[],
  { ownProc = false }: MeasuredOptions = {}
): MeasuredProcess {
  const cgroup = makeCgroup(name)
  const namespace =
    process.getuid?.() === 0
      ? ['unshare', '--pid', '--fork', '--kill-child', ...(ownProc ? ['--mount-proc'] : [])]
      : []
  const script = 'echo $$ > "$0"; exec "$@"'
  const child = spawn(
    '/bin/sh',
    ['-c', script, join(cgroup, 'cgroup.procs'), ...namespace, command, ...args],
    { stdio: ['ignore', 'ignore', 'pipe'] }
  )
  // A benchmark that breaks down leaves nothing running.
  process.once('exit', () => child.kill('SIGKILL'))
  let probes = 0
  return {
    child,
    cpuMs: () =>
      Number(/usage_usec (\d+)/.exec(readFileSync(join(cgroup, 'cpu.stat'), 'utf8'))?.[1] ?? Number.NaN) /
      1000,
    forks() {
      if (namespace.length === 0 || child.pid === undefined) return null
      const inside = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim()
      // Pids are given out in order: the next process in the namespace tells how many came before it.
      const probe = execFileSync('nsenter', ['-t', inside, '--pid', '/bin/sh', '-c', 'echo $$'])
      return Number(probe.toString()) - ++probes
    },
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      if (child.exitCode === null && child.signalCode === null) {
        // unshare itself takes no SIGTERM; what it started ends with it.
        child.kill('SIGKILL')
        await ended
      }
      await until(() => removed(cgroup), `${name} does not end`)
    }
  }
}

/** Empty cgroups of benchmarks that were interrupted. */
function removeStale(parent: string): void {
  for (const name of readdirSync(parent)) {
    const [, pid] = /^virthelm-bench-(\d+)-/.exec(name) ?? []
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) removed(join(parent, name))
  }
}

/** False while a process that has just ended still counts. */
function removed(cgroup: string): boolean {
  try {
    rmdirSync(cgroup)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EBUSY') return false
    throw error
  }
}

function makeCgroup(name: string): string {
  for (const root of CGROUP_ROOTS) {
    if (!existsSync(join(root, 'cgroup.controllers'))) continue
    const own = readFileSync('/proc/self/cgroup', 'utf8')
    const parent = join(root, /^0::(.*)$/m.exec(own)?.[1] ?? '/')
    for (const candidate of [root, parent]) {
      removeStale(candidate)
      const folder = join(candidate, `virthelm-bench-${process.pid}-${name}`)
      try {
        mkdirSync(folder)
        writeFileSync(join(folder, 'cgroup.procs'), '')
        return folder
      } catch (error) {
        if (existsSync(folder)) return folder
        console.error(`no cgroup in ${candidate}: ${String(error)}`)
      }
    }
  }
  throw new Error('this benchmark needs cgroup v2 and the right to make a cgroup (run it as root)')
}

/** Polls a condition that another process makes true; at most ten seconds. */
export async function until(condition: () => boolean, problem: string): Promise<void> {
  const deadlineMs = Date.now() + 10_000
  while (!condition()) {
    if (Date.now() > deadlineMs) throw new Error(problem)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
