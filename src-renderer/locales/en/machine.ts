/** One virtual machine. */
import type { MachineAction, DomainState } from '#contract/vocabulary.ts'

export const machine = {
  on: 'on',
  tab: {
    overview: 'Overview',
    console: 'Console',
    serial: 'Serial',
    disks: 'Disks',
    network: 'Network',
    snapshots: 'Snapshots',
    configuration: 'Configuration',
    history: 'History'
  },
  vcpus: '{count} vCPU | {count} vCPUs',
  ofVcpus: '% of {count} vCPU | % of {count} vCPUs',
  seenRunning: 'running for {span}',
  since: '{state} since {time}',
  checked: 'checked {age} ago',
  autostart: 'autostart',
  autostartTip: 'It starts by itself with its server.',
  transient: 'transient',
  transientTip: 'It has no saved configuration: once it is off, it is gone.',
  notResponding: 'not responding for {span}',
  notRespondingTip: 'Its QEMU process does not answer. The other machines of the server are not affected.',
  collecting: {
    not: 'not collected',
    notTip:
      'You stopped collecting: the values are shown, but not kept. Its history has a gap until you start again.',
    start: 'Start collecting',
    stop: 'Stop collecting',
    stopTitle: 'Stop collecting the values of “{vm}”?',
    stopText:
      'They are shown as before, but not kept: its history has a gap until you start again. What was kept stays. Nothing on the server changes.'
  },
  copyUuid: 'Copy the UUID',
  detailFailed: 'The configuration of this machine could not be read.',
  notRead: 'The configuration could not be read.',
  factsTitle: 'Facts',
  disks: 'Disks',
  noDisks: 'This machine has no disks.',
  interfaces: 'Network interfaces',
  noInterfaces: 'This machine has no network interfaces.',
  state: {
    running: 'running',
    blocked: 'running',
    paused: 'paused',
    suspended: 'sleeping',
    shuttingDown: 'shutting down',
    shutOff: 'off',
    crashed: 'crashed',
    unknown: 'unknown'
  } satisfies Record<DomainState, string>,
  action: {
    start: 'Start',
    shutDown: 'Shut down',
    reboot: 'Reboot',
    pause: 'Pause',
    resume: 'Resume',
    forceOff: 'Force off',
    reset: 'Reset',
    save: 'Save state and switch off',
    discardSaved: 'Discard the saved state',
    autostartOn: 'Start with the server',
    autostartOff: 'Do not start with the server',
    startSaved: 'Start from saved state',
    open: 'Open',
    menu: 'Actions for {name}'
  } satisfies Record<MachineAction | 'open' | 'menu' | 'startSaved', string>,
  failed: {
    start: '{vm} was not started.',
    shutDown: '{vm} was not asked to shut down.',
    reboot: '{vm} was not asked to reboot.',
    pause: '{vm} was not paused.',
    resume: '{vm} was not resumed.',
    forceOff: '{vm} was not forced off.',
    reset: '{vm} was not reset.',
    save: 'The state of {vm} was not saved.',
    discardSaved: 'The saved state of {vm} was not discarded.',
    autostartOn: 'Autostart of {vm} was not switched on.',
    autostartOff: 'Autostart of {vm} was not switched off.'
  } satisfies Record<MachineAction, string>,
  already: {
    start: '{vm} is running already.',
    shutDown: '{vm} is off already.',
    reboot: '{vm} is rebooting already.',
    pause: '{vm} is paused already.',
    resume: '{vm} is running already.',
    forceOff: '{vm} is off already.',
    reset: '{vm} is being reset already.',
    save: 'The state of {vm} is saved already.',
    discardSaved: '{vm} has no saved state.',
    autostartOn: '{vm} starts with its server already.',
    autostartOff: '{vm} does not start with its server already.'
  } satisfies Record<MachineAction, string>,
  confirm: {
    shutDown: {
      title: 'Shut down “{vm}” on {server}?',
      text: 'The guest is asked to end its programs and switch off. It may take a while, and a guest may ignore it.'
    },
    reboot: {
      title: 'Reboot “{vm}” on {server}?',
      text: 'The guest is asked to end its programs and start again.'
    },
    forceOff: {
      title: 'Force off “{vm}” on {server}?',
      text: 'It stops at once, like a pulled plug. What the guest has not written to its disks is lost.'
    },
    reset: {
      title: 'Reset “{vm}” on {server}?',
      text: 'It starts anew at once, as by the reset button. What the guest has not written to its disks is lost.'
    },
    discardSaved: {
      title: 'Discard the saved state of “{vm}” on {server}?',
      text: 'Its next start is a boot. What it had in memory and had not written to its disks is lost.'
    }
  },
  needsPersistent: 'It has no saved configuration, so this cannot be kept.',
  rename: {
    menu: 'Rename…',
    title: 'Rename “{vm}” on {server}',
    label: 'New name',
    hint: 'Its disks and its UUID stay as they are.',
    confirm: 'Rename',
    needsOff: 'It has to be off.',
    done: '{vm} is called {name} now.'
  },
  protection: {
    on: 'Protect against deletion',
    off: 'Take protection away',
    badge: 'protected',
    tip: 'It is marked so that it is not deleted. The mark stands in its own configuration; take it away in the menu.',
    offTitle: 'Take the protection of “{vm}” on {server} away?',
    offText: 'After that it can be deleted.'
  },
  snapshotBadge: 'snapshot',
  snapshotTip: 'It has snapshots.',
  savedBadge: 'saved state',
  savedTip: 'Its memory is saved on the server. It goes on there when it is started.',
  balloon: {
    fix: 'Switch the statistics on',
    done: '{vm} tells of its memory every 10 s from now on.',
    failed: 'The memory statistics of {vm} were not switched on.'
  },
  settingFailed: '{vm} was not changed.',
  asked: {
    shutDown: 'asked to shut down {age} ago',
    shutDownTip: 'The guest does it in its own time. If it does not react, use Force off in the menu.',
    reboot: 'asked to reboot {age} ago',
    rebootTip: 'The guest does it in its own time.'
  },
  offNoValues: 'The machine is off.',
  blocked: {
    lookOnly: 'This server is set to look only: the console refuses every change on it.',
    notConnected: 'The server is not connected.',
    libvirtWrite: 'The login user may look at machines, but not act on them. See Facts of the server.'
  },
  memoryUnknown: {
    noBalloonPeriod:
      'Memory use is unknown: the machine has no balloon statistics period. Run on the server:',
    notReported:
      'Memory use is unknown: the guest reports no statistics (no balloon driver in it, or it has not started yet).'
  },
  chart: { cpu: 'CPU', memory: 'Memory', diskIo: 'Disk', network: 'Network' },
  firmware: { bios: 'BIOS', uefi: 'UEFI', direct: 'direct kernel boot' },
  fact: {
    uuid: 'UUID',
    title: 'Title',
    firmware: 'Firmware',
    machineType: 'Machine type',
    architecture: 'Architecture',
    cpuMode: 'CPU mode',
    vcpus: 'vCPUs',
    memoryMax: 'Memory',
    memoryNow: 'Memory now',
    balloonPeriod: 'Statistics',
    noBalloonPeriod: 'no period set',
    everySec: 'every {count} s',
    stateSince: 'State since',
    description: 'Description'
  },
  disk: {
    target: 'Disk',
    source: 'Source',
    kind: 'Kind',
    use: 'Allocated',
    size: 'Size',
    useOf: 'Allocated of {disk}',
    empty: 'empty',
    readOnly: 'read-only',
    noSize: 'The server did not report its size.',
    disk: 'disk',
    cdrom: 'CD-ROM',
    floppy: 'floppy',
    lun: 'LUN',
    other: 'other'
  },
  nic: {
    mac: 'MAC address',
    source: 'Network or bridge',
    model: 'Model',
    target: 'Device on the server',
    noTarget: 'It exists only while the machine runs.'
  },
  gone: {
    title: 'This machine is not there any more',
    text: 'It was removed, or its server is gone from the list.',
    back: 'Go back'
  }
}
