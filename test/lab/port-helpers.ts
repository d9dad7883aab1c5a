/** Things that listen in a server of the lab, and what comes in there by UDP, without a line of the console's own code. */
import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import * as lab from './lab.ts'

/** Takes connections at each `address port` of its arguments, says "ready", and ends with its stdin. */
const LISTENERS = `
use IO::Socket::IP; $| = 1; my @s;
while (my ($p, $a, $n) = splice(@ARGV, 0, 3)) {
  push @s, IO::Socket::IP->new(Proto => $p, LocalHost => $a, LocalPort => $n, ReuseAddr => 1, $p eq "tcp" ? (Listen => 16) : ()) or die "$p $a $n: $@";
}
print "ready\\n"; <STDIN>;`

/** Prints each datagram as hexadecimal digits; ends with its stdin too. */
const RECEIVER = `
use IO::Socket::IP; use IO::Select; $| = 1;
my $s = IO::Socket::IP->new(Proto => "udp", LocalHost => "0.0.0.0", LocalPort => $ARGV[0], ReuseAddr => 1) or die $@;
print "ready\\n"; my $b;
for (my $both = IO::Select->new($s, \\*STDIN);;) {
  for my $one ($both->can_read) {
    exit 0 if $one != $s;
    print unpack("H*", $b), "\\n" if defined $s->recv($b, 2048);
  }
}`

export type Endpoint = readonly ['tcp' | 'udp', string, number]

async function started(
  server: string,
  script: string,
  args: readonly string[],
  user?: string
): Promise<{ child: ChildProcess; lines: string[] }> {
  const pid = lab.labServer(server).init.pid
  const enter = ['nsenter', `--target=${pid}`, '--mount', '--uts', '--net', '--pid', '--']
  const as =
    user === undefined ? [] : ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups', '--']
  const [file = '', ...rest] = [...enter, ...as, 'perl', '-e', script, ...args]
  const child = spawn(file, rest, { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = new Promise((resolve) => child.once('close', resolve))
  // nsenter has a child of its own, which ends with its stdin and could not be killed from here.
  lab.onRestore(async () => {
    child.stdin.end()
    await ended
  })
  const lines: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line))
  await lab.eventually('it listens', () => lines.includes('ready'))
  return { child, lines }
}

/** Ended by restoreLab. @param user root by default */
export async function listenIn(
  server: string,
  endpoints: readonly Endpoint[],
  user?: string
): Promise<{ end(): Promise<void> }> {
  const { child } = await started(server, LISTENERS, endpoints.flat().map(String), user)
  return {
    end: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve())
        child.stdin?.end()
      })
  }
}

/** Datagrams that reach a UDP port of a server, as hexadecimal digits. */
export async function receiveIn(server: string, port: number): Promise<() => string[]> {
  const { lines } = await started(server, RECEIVER, [String(port)])
  return () => lines.filter((line) => line !== 'ready')
}

/** Rules in front of all others, taken back by restoreLab. */
export async function firewall(server: string, rules: readonly string[]): Promise<void> {
  for (const rule of rules) {
    const words = rule.split(' ')
    await lab.inServer(server, ['iptables', '-w', '-I', 'INPUT', ...words])
    lab.onRestore(async () => {
      await lab.inServer(server, ['iptables', '-w', '-D', 'INPUT', ...words])
    })
  }
}
