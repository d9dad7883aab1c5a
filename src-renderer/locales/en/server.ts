/** One server. */
import type { ConnectionState } from '#contract/servers.ts'

export const server = {
  off: 'OFF',
  empty: 'EMPTY',
  stopped: 'not collecting',
  lookOnly: 'look only',
  lookOnlyTip: 'The console refuses every change on this server and its machines.',
  state: {
    online: 'connected',
    connecting: 'connecting',
    offline: 'not reachable',
    stopped: 'collecting is stopped'
  } satisfies Record<ConnectionState['kind'], string>,
  tab: {
    label: 'Parts of the page',
    overview: 'Overview',
    machines: 'Machines',
    services: 'Services',
    processes: 'Processes',
    gpu: 'GPU',
    power: 'Power',
    traffic: 'Traffic',
    hardware: 'Hardware',
    storage: 'Pools and networks',
    ports: 'Ports',
    history: 'History',
    facts: 'Facts'
  },
  action: {
    edit: 'Edit',
    connect: 'Connect now',
    start: 'Start collecting',
    menu: 'Actions for {name}'
  },
  facts: {
    title: 'Facts',
    kernel: 'kernel {release}',
    cpu: '{model}, {threads} threads',
    up: 'up {span}',
    checked: 'checked {age} ago',
    neverChecked: 'never reached yet',
    readAt: 'read {time}',
    copy: 'Copy: {fact}',
    copyAll: 'Copy all facts',
    copied: 'All facts are on the clipboard.',
    csvTip: 'Save all facts as CSV',
    csv: { group: 'Group', fact: 'Fact', value: 'Value' },
    clockAhead: 'clock {span} ahead',
    clockBehind: 'clock {span} behind',
    clockTip:
      'The server’s clock differs from this computer’s. Values carry this computer’s time; logs on the server do not.'
  },
  factGroup: {
    reach: 'How it is reached',
    system: 'System',
    hardware: 'Hardware',
    network: 'Network',
    virtualisation: 'Virtual machines'
  },
  factMissing: {
    notGiven: 'Nobody has said so far; “Edit” is the place for it.',
    firmware: 'The server’s firmware describes none, as in many virtual machines and small boards.'
  },
  fact: {
    address: 'Address',
    location: 'Location',
    checked: 'Last check',
    clock: 'Clock',
    osName: 'Operating system',
    uptime: 'Uptime',
    timeZone: 'Time zone',
    initSystem: 'Init system',
    packageManager: 'Package manager',
    mainBoard: 'Main board',
    bios: 'Firmware',
    serialNumber: 'Serial number',
    memoryModules: 'Memory modules',
    gateway: 'Default gateway',
    dns: 'Name servers',
    through: 'Through',
    tags: 'Tags',
    hostName: 'Host name',
    distribution: 'Distribution',
    kernel: 'Kernel',
    architecture: 'Platform',
    cpuModel: 'CPU',
    cpus: 'CPUs',
    memory: 'Memory',
    board: 'Hardware',
    virtualisation: 'Virtualisation',
    booted: 'Started',
    shell: 'Login shell',
    sshServer: 'SSH server',
    libvirt: 'libvirt',
    hypervisor: 'Hypervisor',
    note: 'Note'
  },
  factValue: {
    cpus: '{sockets} × {cores} cores, {threads} threads',
    threads: '{threads} threads',
    slots: '{used} of {slots} slots',
    ago: '{age} ago',
    clockSame: 'as this computer’s',
    clockAhead: '{span} ahead of this computer’s',
    clockBehind: '{span} behind this computer’s',
    none: 'none'
  },
  chart: {
    cpu: 'CPU',
    memory: 'Memory',
    load: 'Load',
    network: 'Network',
    disk: 'Disk',
    diskIo: 'Disk I/O',
    swap: 'Swap',
    pressure: 'Pressure',
    power: 'Power',
    gpuMemory: 'GPU memory',
    noSwap: 'This server has no swap.'
  },
  banner: {
    noDataYet: 'No data yet.',
    noAnswerSince: 'No data since {time} ({span}).',
    nextTry:
      'Trying again in {span}; {attempts} try so far. | Trying again in {span}; {attempts} tries so far.',
    tryingNow: 'Trying again now; {attempts} try so far. | Trying again now; {attempts} tries so far.',
    waits: 'It is not tried again until you act.',
    tryNow: 'Try now',
    stopped: 'Collecting is stopped: nothing new is read from this server. Its history stays.',
    connecting: 'Connecting…',
    connectingAgain: 'Connecting, try {attempt}…',
    newest: 'The newest values are {age} old.'
  },
  capabilities: {
    title: 'What it can tell',
    text: 'Each kind of value, whether this server gives it, and what would mend it.'
  },
  mounts: {
    title: 'File systems',
    none: 'No file systems have been measured yet.',
    use: 'Use of {mount}',
    available: 'available',
    inodes: 'of inodes used'
  },
  interfaces: {
    title: 'Network interfaces',
    none: 'No interfaces have been measured yet.',
    name: 'Name',
    in: 'In',
    out: 'Out',
    received: 'Received',
    sent: 'Sent'
  },
  remove: {
    title: 'Remove “{name}” from the list?',
    text: 'The console forgets how to reach this server, with any password kept for it. Nothing on the server is touched.',
    history: 'Delete its history too',
    historyKept: 'Left unticked, the recorded values stay in the data folder.',
    historyGone: 'All recorded values of this server and its machines are deleted.',
    type: 'Type {name} to confirm',
    noUndo: 'The history cannot be brought back.',
    confirm: 'Remove',
    confirmAll: 'Remove with history'
  },
  gone: {
    title: 'This server is not in the list',
    text: 'It was removed, or the address is from another console.',
    fleet: 'Go to the fleet'
  }
}
