/** A VM's configuration: disks, network, processor, memory, boot order, XML, and every change of them. */
import type { AgentChannel, ChangeRefusal, MachineChange } from '#contract/configuration.ts'

interface Effect {
  readonly live: string
  readonly nextBoot: string
}

export const configuration = {
  readFailed: 'The configuration of this machine could not be read.',
  change: 'Change',
  cancel: 'Cancel',
  now: 'Now',
  next: 'Next start',
  needsShutdown: 'needs shutdown',
  needsShutdownTip:
    'Its configuration for the next start differs from what it runs with. Shut it down and start it: a reboot inside the guest is not enough.',
  transient: 'It has no saved configuration: nothing can be set for its next start.',
  protectedTip: 'It is marked as protected: its disks are not detached.',
  kinds: {
    vcpus: 'vCPUs',
    memory: 'Memory',
    diskAttach: 'Disk added',
    diskGrow: 'Disk grown',
    diskDetach: 'Disk detached',
    driveAttach: 'CD drive added',
    media: 'Medium changed',
    interfaceAttach: 'Interface added',
    interfaceLink: 'Cable',
    interfaceDetach: 'Interface detached',
    boot: 'Boot order',
    agentChannel: 'Channel of the guest agent',
    title: 'Title',
    description: 'Description',
    tags: 'Tags',
    xml: 'XML',
    restore: 'Taken back'
  } satisfies Record<MachineChange['kind'], string>,
  scope: {
    title: 'When',
    live: 'Now, in the running machine',
    nextBoot: 'At the next start',
    off: 'The machine is off.',
    transient: 'The machine is transient.',
    nextBootOnly: 'Only a start can do this.',
    file: 'The file is changed: it holds now and at every start.'
  },
  effect: {
    vcpus: {
      live: 'The guest gets or loses processors while it runs. Many guests have to bring a new one online themselves.',
      nextBoot: 'The machine starts with this number.'
    },
    memory: {
      live: 'The balloon is set: the guest gives memory back, or takes it, in its own time.',
      nextBoot: 'The machine starts with this memory.'
    },
    diskAttach: {
      live: 'The guest sees a new, unformatted disk at once.',
      nextBoot: 'The disk is there at every start.'
    },
    diskGrow: {
      live: 'The guest sees the larger disk at once. Partitions and file systems in it are grown in the guest.',
      nextBoot: 'The file is grown. Partitions and file systems in it are grown in the guest.'
    },
    diskDetach: {
      live: 'The disk is pulled out of the running guest. Unmount it there first: what is not written is lost.',
      nextBoot: 'The machine starts without it.'
    },
    driveAttach: {
      live: '',
      nextBoot: 'The machine starts with an empty CD drive.'
    },
    media: {
      live: 'The medium is changed in the running guest.',
      nextBoot: 'The machine starts with this medium.'
    },
    interfaceAttach: {
      live: 'The guest sees a new network interface at once.',
      nextBoot: 'The interface is there at every start.'
    },
    interfaceLink: {
      live: 'The guest sees its cable plugged in or pulled at once.',
      nextBoot: 'It starts so.'
    },
    interfaceDetach: {
      live: 'The interface is pulled out of the running guest: its connections break.',
      nextBoot: 'The machine starts without it.'
    },
    boot: { live: '', nextBoot: 'The firmware tries the devices in this order.' },
    agentChannel: {
      live: 'The guest gets the device at once; an agent in it can use it.',
      nextBoot: 'The device is there at every start.'
    },
    title: { live: 'It is shown at once.', nextBoot: 'It is kept.' },
    description: { live: 'It is shown at once.', nextBoot: 'It is kept.' },
    tags: { live: 'They are shown at once.', nextBoot: 'They are kept.' },
    xml: {
      live: '',
      nextBoot: 'The definition is replaced. The running machine stays as it is until it was shut down.'
    },
    restore: {
      live: '',
      nextBoot: 'The saved definition is put back. The running machine stays as it is until it was shut down.'
    }
  } satisfies Record<MachineChange['kind'], Effect>,
  refusal: {
    off: 'Not now: the machine is off.',
    transient: 'Not for the next start: the machine has no saved configuration.',
    nextBootOnly: 'Not now: only a start can do this.',
    vcpusAboveMax: 'Not now: it was started with room for {max} vCPUs. More need a shutdown and start.',
    memoryAboveMax: 'Not now: it was started with room for {max}. More needs a shutdown and start.',
    maxNextBootOnly: 'The maximum itself changes with the next start only.',
    maxBelowPresent: 'The maximum must not be below the amount itself.',
    busNotHotplug: 'Not now: the bus {bus} takes and gives no device while a machine runs.',
    noSerialController: 'Not now: the running machine has no serial controller. The next start brings it.',
    notThere: 'The device {device} is not there.',
    alreadyThere: 'It is there already: {device}',
    shrinks:
      'A disk is never made smaller: it has {present} now, and what lies behind the new end would be lost.',
    sizeUnknown: 'The present size of {device} could not be read.',
    notInPool:
      'libvirt knows no volume at {path}. While the machine runs it can be grown; or refresh the pool that it lies in.',
    usedByRunning: 'The running machine {vm} has this file open. Two writers destroy it.',
    notResponding: 'The machine does not respond. Nothing is sent to it until it does.',
    protected: 'The machine is marked as protected: its disks are not detached. Take the mark away first.',
    otherMachine: 'Name and UUID must stay: {name}, {uuid}.',
    notWellFormed: 'Line {line}: {message}',
    notWellFormedAnywhere: 'This is no XML: {message}',
    nothingToChange: 'It is like this already.'
  } satisfies Record<ChangeRefusal, string> & Record<string, string>,
  dialog: {
    commands: 'Exact commands',
    planning: 'Looking what this needs…',
    filesLeft: 'Stays on the server, untouched: {path}',
    passwordTitle: 'A console password could be lost',
    passwordText:
      'The whole definition is written anew, and libvirt tells nobody whether the console has a password. To keep one, set it in the XML: the attribute passwd of the element graphics.',
    passwordTick: 'This machine’s console has no password, or may lose it',
    apply: 'Apply',
    partly: 'Done now, but not for the next start.',
    done: '{what}: done for {vm}.'
  },
  cpu: {
    card: 'Settings',
    vcpus: 'vCPUs',
    memory: 'Memory',
    ofMax: '{count} of at most {max}',
    dialogTitle: 'vCPUs of “{vm}”',
    count: 'vCPUs',
    max: 'Room for',
    maxHint: 'What can be plugged in while it runs. It changes with the next start.',
    memoryTitle: 'Memory of “{vm}”',
    amount: 'Memory',
    maxAmount: 'Room for'
  },
  boot: {
    card: 'Boot order',
    none: 'The firmware chooses.',
    title: 'Boot order of “{vm}”',
    hint: 'Devices that are not ticked are not booted from.',
    up: 'Move {device} up',
    down: 'Move {device} down',
    disk: 'disk',
    cdrom: 'CD drive',
    network: 'network',
    floppy: 'floppy'
  },
  words: {
    card: 'Texts',
    title: 'Title',
    description: 'Description',
    tags: 'Tags',
    none: 'none',
    edit: 'Edit {what}',
    dialogTitle: '{what} of “{vm}”',
    tagsHint: 'Words of up to 32 characters, separated by spaces.'
  },
  disks: {
    device: 'Disk',
    bus: 'Bus',
    source: 'Source',
    kind: 'Kind',
    none: 'This machine has no disks.',
    empty: 'empty',
    readOnly: 'read-only',
    nextOnly: 'from the next start on',
    liveOnly: 'until shut down',
    otherSource: 'next start: {source}',
    add: 'Add disk',
    addDrive: 'Add CD drive',
    grow: 'Grow',
    detach: 'Detach',
    insert: 'Insert or change medium',
    eject: 'Eject',
    menu: 'Actions for {device}',
    addTitle: 'Add a disk to “{vm}”',
    addDriveTitle: 'Add a CD drive to “{vm}”?',
    existing: 'Existing volume',
    fresh: 'New volume',
    which: 'Which disk',
    name: 'Name',
    nameWrong: 'No slash, and no dash at the start.',
    nameTaken: 'There is a volume of that name in this pool.',
    size: 'Size',
    free: '{size} free in this pool',
    full: 'Take all of its space now',
    pool: 'Pool',
    volume: 'Volume',
    byPath: 'Another path',
    path: 'Path on the server',
    format: 'Format',
    noPool: 'No pool of this server is running: a volume has nowhere to lie.',
    noPools: 'No pool of this server is running. Give the path of a file.',
    noVolumes: 'There is no fitting volume in this pool.',
    usedBy: 'used by {vm}',
    readOnlyTick: 'Read-only',
    growTitle: 'Grow {device} of “{vm}”',
    present: 'Present size',
    newSize: 'New size',
    detachTitle: 'Detach {device} from “{vm}”?',
    ejectTitle: 'Eject the medium from {device} of “{vm}”?',
    mediaTitle: 'Medium in {device} of “{vm}”',
    reading: 'Reading the pools…'
  },
  nics: {
    mac: 'MAC address',
    source: 'Network or bridge',
    model: 'Model',
    cable: 'Cable',
    up: 'plugged in',
    down: 'pulled',
    none: 'This machine has no network interfaces.',
    add: 'Add interface',
    plug: 'Plug the cable in',
    pull: 'Pull the cable',
    detach: 'Detach',
    menu: 'Actions for {device}',
    addTitle: 'Add a network interface to “{vm}”',
    macHint: 'Empty: one is made.',
    macWrong: 'Six pairs of hexadecimal digits, with colons.',
    network: 'network {name}',
    bridge: 'bridge {name}',
    inactive: 'stopped',
    noNetworks: 'No network and no bridge of this server was found.',
    plugTitle: 'Plug in the cable of {device} of “{vm}”?',
    pullTitle: 'Pull the cable of {device} of “{vm}”?',
    detachTitle: 'Detach {device} from “{vm}”?'
  },
  agent: {
    card: 'Guest agent',
    none: 'The machine has no channel for an agent.',
    connected: 'Its channel is there, and an agent listens at it.',
    disconnected: 'Its channel is there, but no agent listens: install qemu-guest-agent in the guest.',
    unknown: 'Its channel is there.',
    add: 'Add the channel',
    addTitle: 'Add a channel for the guest agent to “{vm}”?'
  } satisfies Record<AgentChannel | 'card' | 'add' | 'addTitle', string>,
  xml: {
    card: 'Definition',
    live: 'Running now',
    nextBoot: 'Next start',
    edit: 'Edit XML',
    copy: 'Copy the XML',
    title: 'Definition of “{vm}”',
    subtitle: 'For the next start. libvirt checks it against its schema before anything is changed.',
    label: 'XML of the definition',
    search: 'Find',
    searchNext: 'Next match',
    searchPrevious: 'Previous match',
    matches: '{at} of {count}',
    noMatch: 'no match',
    review: 'Review changes',
    back: 'Back to the text',
    unchanged: 'Nothing was changed.'
  },
  diff: {
    card: 'Differences: running now and next start',
    same: 'It runs as it will start.',
    off: 'The machine is off: there is one definition only.',
    label: 'Differences, line by line',
    removed: 'only running now',
    added: 'only at the next start',
    removedSaved: 'goes away',
    addedSaved: 'comes back',
    removedEdit: 'removed',
    addedEdit: 'added',
    hidden: '{count} equal line | {count} equal lines',
    normalised:
      'What changes at each start by itself (addresses, aliases, names of devices on the server) is left out.'
  },
  saved: {
    card: 'Before each change',
    none: 'Nothing was changed from this console yet.',
    hint: 'The last 20 definitions, each as it was right before a change.',
    before: 'before: {what}',
    restore: 'Compare and take back',
    title: 'Take back the definition of “{vm}”',
    subtitle: 'As it was {time}, before: {what}',
    equal: 'The definition of the next start is the same already.'
  }
}
