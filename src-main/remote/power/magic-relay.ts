/**
 * Sends magic packets from another server, by whatever it has that can broadcast. Nothing is installed: a shell alone cannot
 * (bash's /dev/udp refuses broadcast addresses).
 */
import { AppError } from '#contract/errors.ts'
import type { MagicTarget } from '../../application/ports/port-access.ts'
import type { Connection } from '../../application/servers/connection.ts'
import { hexOf, magicPacket } from '../../domain/wake/magic-packet.ts'
import { quote } from '../ssh/quote.ts'

const DEADLINE_MS = 20_000
const PATH = 'PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin'

const PYTHON = `import os,socket
s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET,socket.SO_BROADCAST,1)
n=0
for t in os.environ["VIRTHELM_TARGETS"].split():
  a,p=t.split(":")
  try:
    s.sendto(bytearray.fromhex(os.environ["VIRTHELM_PACKET"]),(a,int(p)))
    n+=1
  except OSError as e: print(e)
print("sent",n)`

const PERL = `use Socket;
socket(S,PF_INET,SOCK_DGRAM,17); setsockopt(S,SOL_SOCKET,SO_BROADCAST,pack("l",1)); my $n=0;
for (split " ",$ENV{VIRTHELM_TARGETS}) { my($a,$p)=split /:/;
if (defined send(S,pack("H*",$ENV{VIRTHELM_PACKET}),0,sockaddr_in($p,inet_aton($a)))) { $n++ } else { print "$!\\n" } }
print "sent $n\\n";`

/** In the order they are tried. \`can\`: a test that the server has it. Those without \`password\` would show it to every user there. */
const TOOLS = [
  { id: 'python3', can: 'command -v python3', password: true },
  { id: 'perl', can: `perl -MSocket -e 1`, password: true },
  { id: 'socat', can: 'command -v socat', password: true },
  { id: 'nc', can: `nc -h 2>&1 | grep -Eq '^[[:space:]]+-b[[:space:]]'`, password: true },
  { id: 'wakeonlan', can: 'command -v wakeonlan', password: false },
  { id: 'etherwake', can: 'command -v etherwake', password: false }
] as const
type Tool = (typeof TOOLS)[number]['id']

/** The first of them that the server has; null = none of them. */
export async function findMagicTool(
  connection: Connection,
  options: { readonly withPassword: boolean; readonly signal: AbortSignal }
): Promise<Tool | null> {
  const tests = TOOLS.filter(({ password }) => password || !options.withPassword).map(
    ({ id, can }) => `if ${can} >/dev/null 2>&1; then echo ${id}; exit 0; fi`
  )
  const { stdout } = await connection.run([PATH, ...tests].join('\n'), {
    signal: options.signal,
    deadlineMs: DEADLINE_MS,
    maxBytes: 4_096
  })
  return TOOLS.find(({ id }) => id === stdout.trim())?.id ?? null
}

/** What is run there. `shown`: for the journal; a SecureOn password is left out of it. */
export function magicCommand(
  tool: Tool,
  target: MagicTarget,
  sudo: '' | 'sudo -n '
): { readonly script: string; readonly shown: string } {
  const { mac, password, broadcasts, ports } = target
  const packet = magicPacket(mac, password)
  const places = broadcasts.flatMap((address) => ports.map((port) => ({ address, port })))
  const command = (bytes: Uint8Array): string => commandOf(tool, bytes, places, mac, sudo)
  const script = command(packet)
  return { script: `${PATH}\n${script}`, shown: password === null ? script : command(magicPacket(mac, null)) }
}

function commandOf(
  tool: Tool,
  packet: Uint8Array,
  places: readonly { readonly address: string; readonly port: number }[],
  mac: string,
  sudo: string
): string {
  const targets = quote(places.map(({ address, port }) => `${address}:${port}`).join(' '))
  const environment = `VIRTHELM_TARGETS=${targets} VIRTHELM_PACKET=${quote(hexOf(packet))}`
  const octal = quote([...packet].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join(''))
  const each = (send: (address: string, port: number) => string): string =>
    `n=0; ${places.map(({ address, port }) => `${send(address, port)} && n=$((n+1))`).join('; ')}; echo "sent $n"`
  switch (tool) {
    case 'python3':
      return `${environment} python3 -c ${quote(PYTHON)}`
    case 'perl':
      return `${environment} perl -e ${quote(PERL)}`
    case 'socat':
      return each(
        (address, port) => `printf ${octal} | socat -u - UDP4-DATAGRAM:${address}:${port},broadcast`
      )
    case 'nc':
      return each((address, port) => `printf ${octal} | nc -u -b -w 1 ${address} ${port}`)
    case 'wakeonlan':
      return each((address, port) => `wakeonlan -i ${address} -p ${port} ${mac}`)
    case 'etherwake':
      return `n=0; for p in /sys/class/net/*/device; do i=\${p#/sys/class/net/}; ${sudo}etherwake -b -i "\${i%/device}" ${mac} && n=$((n+1)); done; echo "sent $n"`
  }
}

/** Throws wakeNotSent with the server's words. */
export async function runMagicCommand(
  connection: Connection,
  script: string,
  signal: AbortSignal
): Promise<{ readonly packets: number; readonly exitCode: number | null; readonly stderr: string }> {
  const { stdout, stderr, exitCode } = await connection.run(script, {
    signal,
    deadlineMs: DEADLINE_MS,
    maxBytes: 64 * 1024
  })
  const packets = Number(/^sent (\d{1,4})$/m.exec(stdout)?.[1] ?? 0)
  const said = [stderr, stdout.replace(/^sent \d+$/m, '')].join('\n').trim()
  if (packets === 0)
    throw new AppError('wakeNotSent', { params: { stderr: said.slice(0, 2_000) }, retryable: true })
  return { packets, exitCode, stderr: said.slice(0, 2_000) }
}
