/** Ports of a server: what listens, what answers, what has changed. */
import type { SCAN_EVERY_HOURS, ScanProblem } from '#contract/ports.ts'
import type { ListenerExposure, PortReason, PortState, ScanOrigin } from '#contract/vocabulary.ts'

export const ports = {
  panels: 'What to see of the ports',
  panel: { listening: 'Listening', scans: 'Scans', changes: 'Changes' },
  column: {
    port: 'Port',
    protocol: 'Protocol',
    service: 'Service',
    address: 'Address',
    exposure: 'Reachable by',
    process: 'Process',
    pid: 'PID',
    user: 'User',
    direct: 'From here',
    ssh: 'From inside',
    answer: 'Answer',
    reason: 'reason',
    finding: 'What it means',
    at: 'When',
    change: 'Change',
    seen: 'Seen'
  },
  exposure: {
    loopback: 'itself only',
    oneAddress: 'one address',
    allAddresses: 'all addresses'
  } satisfies Record<ListenerExposure, string>,
  exposureTip: {
    loopback: 'It listens on the loopback address: only programs of the server itself reach it.',
    oneAddress: 'It listens on one address of the server: whoever reaches that one reaches it.',
    allAddresses: 'It listens on every address of the server. Only a firewall keeps others out.'
  } satisfies Record<ListenerExposure, string>,
  processMissing: {
    permissionDenied: 'It belongs to another user: only root may see which process it is.',
    kernel: 'No process has it open: it is the kernel’s own.'
  },
  noUser: 'The kernel did not tell whose it is.',
  noService: 'No service is known to use this port.',
  filter: 'Filter the sockets',
  filterPlaceholder: 'port, service, process, user',
  passing: 'with {count} passing UDP socket | with {count} passing UDP sockets',
  passingTip: 'UDP sockets on ports that the kernel chose: they wait for an answer and are soon gone.',
  listens: '{count} listens | {count} listen',
  readAgo: 'read {age} ago',
  readNow: 'Read again now',
  csvTip: 'Save the rows shown, as a table',
  hidden:
    'Processes of other users stay hidden from this login. Allow “use sudo” in the settings of the server, and this there:',
  hiddenSudo:
    'Processes of other users stay hidden: sudo is refused. This allows the console to list open sockets:',
  leftOut: '{count} more is not shown. | {count} more are not shown.',
  cannotRead: 'What listens cannot be read',
  neverRead: 'Not read yet',
  neverReadText: 'What listens on this server is read as soon as it is connected.',
  none: 'Nothing listens',
  noneText: 'No socket of this server waits for connections.',
  noMatch: 'Nothing fits the filter',
  noMatchText: 'There is more than is shown now.',
  plan: 'Scan',
  list: 'Ports',
  listHint: 'Numbers and ranges: 22, 80, 8000-8100',
  listCount: '{count} port | {count} ports',
  problem: {
    empty: 'Name at least one port.',
    notAPort: '“{part}” is no port. Ports are 1 to 65535.',
    backwards: '“{part}” ends before it begins.',
    tooMany: '{count} ports are too many for one scan; {most} are the most.'
  },
  from: 'Knock at them',
  origin: {
    direct: 'from this computer',
    ssh: 'from inside (through ssh)'
  } satisfies Record<ScanOrigin, string>,
  inside: 'Address to knock at from inside',
  insideLoopback: 'at 127.0.0.1',
  insideOwn: 'at its own address',
  directBlocked:
    'Reached through a jump host: its address may be another machine’s here, so it is not scanned from here.',
  noOrigin: 'Choose where to knock from.',
  sshNeedsLink: 'The server is not connected: it can only be scanned from here.',
  schedule: 'By itself',
  every: {
    0: 'never',
    1: 'every hour',
    6: 'every 6 hours',
    12: 'every 12 hours',
    24: 'every day',
    168: 'every week'
  } satisfies Record<(typeof SCAN_EVERY_HOURS)[number], string>,
  nextSoon: 'next: as soon as it is connected',
  nextIn: 'next in about {span}',
  scanNow: 'Scan now',
  savePlan: 'Keep as plan',
  planSaved: 'The plan is kept as shown.',
  planKept: 'The scan plan is kept.',
  scanning: 'Scanning…',
  progress: '{origin}: {done} of {total}, {open} open',
  stop: 'Stop',
  scanned: '{name} was scanned.',
  scannedOpen: 'no port is open | {count} port is open | {count} ports are open',
  show: { label: 'Which ports to show', all: 'All', open: 'Open', differs: 'Differences' },
  scanLine: '{origin}: {address}, {count} ports, {age} ago, took {span}',
  scanLineScheduled: '{origin}: {address}, {count} ports, {age} ago by plan, took {span}',
  state: { open: 'open', closed: 'closed', filtered: 'filtered' } satisfies Record<PortState, string>,
  reason: {
    synAck: 'syn-ack',
    reset: 'reset',
    noResponse: 'no-response',
    hostUnreachable: 'host-unreachable',
    netUnreachable: 'net-unreachable',
    connectFailed: 'connect failed',
    localRefusal: 'not allowed'
  } satisfies Record<PortReason, string>,
  reasonTip: {
    synAck: 'Something listens there and took the connection.',
    reset: 'The server answered that nothing listens there (or a firewall answered so in its place).',
    noResponse: 'Nothing came back in time: a firewall drops what is sent there.',
    hostUnreachable: 'A firewall or router answered that the host cannot be reached.',
    netUnreachable: 'A firewall or router answered that the network cannot be reached.',
    connectFailed: 'The server could not connect there, and its sshd did not say why.',
    localRefusal: 'Whoever knocks may not: a firewall on the way out, or sshd’s PermitOpen.'
  } satisfies Record<PortReason, string>,
  notScanned: 'Not scanned from there.',
  noAnswer: 'No answer came.',
  finding: {
    open: 'answers',
    listensFiltered: 'listens inside, filtered from here',
    listensClosed: 'listens inside, closed from here',
    loopbackOnly: 'listens for itself only',
    insideOnly: 'answers inside, not from here',
    outsideOnly: 'answers from here, not at the address knocked at inside',
    nothing: 'nothing listens',
    none: ''
  },
  findingTip: {
    open: 'The port takes connections.',
    listensFiltered: 'A program listens for others, and a firewall keeps this computer from it.',
    listensClosed:
      'A program listens for others, but on another address, or a firewall refuses this computer.',
    loopbackOnly: 'A program listens on the loopback address: nobody else is meant to reach it.',
    insideOnly: 'It answers the server itself. What listens could not be read, or is not TCP.',
    outsideOnly: 'It listens on one of the server’s addresses, or something else answers for it here.',
    nothing: 'No program of the server listens on this port.',
    none: ''
  },
  noScan: 'Not scanned yet',
  noScanText: 'Scan now, or choose how often it is done by itself.',
  scanProblem: {
    forwardingOff: {
      title: 'The server’s sshd opens no way to its ports',
      text: 'AllowTcpForwarding (or DisableForwarding) keeps the scan from inside from being made. On the server:'
    },
    hostSilent: {
      title: 'Nothing answered any more',
      text: 'Not one port answered, and some did before: the way to the server is cut. Nothing is said of its ports, and no change is counted.'
    },
    linkLost: {
      title: 'The connection ended during the scan',
      text: 'It is scanned again when the server is back.'
    }
  } satisfies Record<ScanProblem['kind'], { title: string; text: string }>,
  changesOf: 'The last 30 days, newest first. They are marked in the charts too.',
  noChanges: 'Nothing has changed',
  noChangesText:
    'What comes to listen, what no longer does, and scanned ports that answer otherwise stand here.',
  listensNow: 'listens now',
  listensNoMore: 'no longer listens'
}
