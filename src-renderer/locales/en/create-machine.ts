/** The dialog that makes a machine, and what is said about one that was not finished. */
export const createMachine = {
  open: 'Create machine',
  title: 'Create machine',
  subtitle: 'A new virtual machine on one of your servers.',
  on: 'On {server}',
  steps: 'Steps',
  stepDone: 'done',
  stepOpen: 'open',
  nothingYet: 'Nothing is changed on the server until you create it.',
  back: 'Back',
  next: 'Next: {step}',
  create: 'Create machine',
  done: '{name} was made on {server}.',
  noServers: 'There is no server yet. Add one first.',
  step: {
    where: 'Where',
    from: 'From',
    system: 'System',
    size: 'Size',
    network: 'Network',
    review: 'Review'
  },
  about: {
    where: 'The server it runs on, with what is free there right now. Those with the most room stand first.',
    from: 'What it starts from.',
    system: 'Chooses firmware, disk and network hardware, display and clock.',
    size: 'What it gets of the server.',
    network: 'What it is connected to.',
    review: 'All of it was checked on the server just now.'
  },
  whyNot: {
    lookOnly: 'Set to look only: nothing is changed there. Edit the server to allow changes.',
    stopped: 'Collecting is stopped: it is not connected.',
    offline: 'It does not answer.',
    connecting: 'It is being connected.',
    noLibvirt: 'libvirt does not answer there.',
    mayNotWrite: 'This login may look at machines, but not make any. Add it to the group “libvirt”.',
    checking: 'Not known yet whether libvirt runs there.'
  },
  best: {
    rank: 'best {rank}'
  },
  room: {
    cpu: '{free} of {threads} CPUs',
    memory: '{free} memory',
    disk: '{free} disk'
  },
  source: {
    iso: 'ISO image',
    cloudImage: 'Cloud image',
    network: 'Network',
    existingDisk: 'Existing disk',
    none: 'Nothing'
  },
  sourceHint: {
    iso: 'An install medium. The new disk is tried first, so that the installed system starts by itself afterwards.',
    cloudImage: 'A ready-made disk image. The machine gets a copy of its own; the image stays as it is.',
    network: 'The network card is asked when the disk is empty (PXE).',
    existingDisk: 'A disk that is there already and that no other machine uses.',
    none: 'A machine without a medium. Put one in later.'
  },
  volume: {
    iso: 'ISO image',
    image: 'Cloud image',
    disk: 'Disk',
    upload: 'Upload …',
    search: 'Filter by name or pool',
    reading: 'Reading the server’s storage …',
    noMatch: 'Nothing fits “{text}”.',
    usedBy: 'Used by {machines}',
    isBacking: 'Other images are built on it',
    none: {
      iso: 'No pool of this server holds an ISO image.',
      image: 'No pool of this server holds a disk image.',
      disk: 'No pool of this server holds a disk.'
    }
  },
  copy: {
    label: 'Kind of copy',
    backing: 'Thin copy',
    full: 'Full copy'
  },
  copyHint: {
    backing: 'Made at once and holds only what changes. It needs the image from then on.',
    full: 'Takes as long as copying takes, and needs nothing else afterwards.'
  },
  seed: {
    use: 'Set it up at its first start (cloud-init)',
    useHint:
      'A small image with user, password, keys and network is made here and attached. The server needs no tool for it.',
    kind: { label: 'Who sets it up', fields: 'User and keys', own: 'Own user-data' },
    addressing: 'Address',
    asNamed: 'as the machine',
    automatic: 'Address by DHCP',
    static: 'Fixed address'
  },
  field: {
    hostName: 'Host name',
    user: 'User',
    password: 'Password',
    sshKeys: 'SSH keys',
    userData: 'user-data',
    address: 'Address with prefix',
    gateway: 'Gateway',
    nameServers: 'Name servers',
    firmware: 'Firmware',
    emulated: 'Emulate the processor instead of using KVM',
    name: 'Name',
    vcpus: 'vCPUs',
    memoryGib: 'Memory',
    diskGib: 'Disk',
    poolUuid: 'Pool',
    format: 'Format of the disk',
    allocation: 'Space of the disk',
    withDisk: 'With a new disk',
    network: 'Connected to',
    bridge: 'Bridge',
    mac: 'MAC address',
    start: 'Start it at once',
    autostart: 'Start with the server'
  },
  hint: {
    password: 'Only its hash leaves this console.',
    sshKeys: 'One public key per line.',
    userData: 'Taken as it is. It begins with #cloud-config, #!, #include or a MIME header.',
    firmware: 'Automatic takes what the system likes best of what the server has.',
    emulated: 'Many times slower. For tests, and where a processor must look like another one.',
    noKvm:
      'This server has no KVM: check that virtualisation is switched on in its BIOS and the kvm module is loaded.',
    mac: 'Left empty, it gets this one.',
    noNetwork: 'It gets no network card. One can be added later.'
  },
  error: {
    serverId: 'Choose a server.',
    iso: 'Choose an ISO image.',
    image: 'Choose an image.',
    existing: 'Choose a disk.',
    hostName: 'Letters, digits and hyphens, up to 63.',
    user: 'Small letters, digits, _ and -, beginning with a letter.',
    password: 'This password is too long.',
    sshKeys: 'Each line is one public key: ssh-ed25519 AAAA… name',
    userData: 'user-data is empty or too long (64 KiB at most).',
    address: 'An address with its prefix length: 192.0.2.10/24',
    gateway: 'An IP address.',
    nameServers: 'Up to four IP addresses.',
    name: 'Up to 64 characters, without a slash and without blanks at the ends.',
    vcpus: 'At least one, whole.',
    memoryGib: 'At least 16 MiB.',
    diskGib: 'At least 1 MiB.',
    poolUuid: 'No running storage pool of this server can take a disk. Start or make one first.',
    network: 'Choose what it is connected to.',
    bridge: 'The name of a bridge: up to 15 characters.',
    mac: 'Six pairs of hex digits: 52:54:00:12:34:56'
  },
  os: {
    linux: 'Linux',
    windows11: 'Windows 11',
    windows10: 'Windows 10',
    bsd: 'BSD',
    other: 'Other'
  },
  osHint: {
    linux: 'virtio everywhere, clock in UTC',
    windows11: 'UEFI with secure boot, TPM 2.0, SATA, local time',
    windows10: 'UEFI with secure boot, TPM 2.0, SATA, local time',
    bsd: 'virtio disk and network, VGA, clock in UTC',
    other: 'SATA and Intel network: drivers everywhere'
  },
  systemHint: {
    noSecureBoot:
      'This server has no UEFI firmware with secure boot. Install the package “ovmf” (edk2-ovmf) there.',
    noTpm: 'This server cannot play a TPM. Install the package “swtpm” there.'
  },
  firmware: {
    auto: 'Automatic',
    bios: 'BIOS',
    uefi: 'UEFI',
    uefiSecure: 'UEFI with secure boot',
    missing: '{name} (not on this server)'
  },
  allocation: { thin: 'Thin', full: 'Full' },
  allocationHint: {
    thin: 'takes space as it is written to',
    full: 'takes all of its space at once'
  },
  poolOption: '{name} · {type} · {free} free',
  sizeShort: '{vcpus} CPU · {memory} GiB',
  sizeHint: {
    cpus: 'of {threads} threads; {machines} running machine holds {vcpus} | of {threads} threads; {machines} running machines hold {vcpus}',
    memory: '{free} free; {left} left after',
    memoryOver: 'only {free} free right now: the server would swap',
    disk: 'in pool {pool}; {free} free',
    diskOver: 'pool {pool} has {free} free: it could fill up'
  },
  network: {
    virtual: 'Network {name} ({mode})',
    inactive: 'Network {name} (not started)',
    isolated: 'isolated',
    bridge: 'Bridge {name}',
    typed: 'Another bridge …',
    none: 'No network'
  },
  review: {
    checks: 'Checks',
    xml: 'XML',
    commands: 'Commands',
    asking: 'Checking on the server',
    edit: 'Edit the XML',
    xmlHint:
      'libvirt checks it against its schema when it is defined. Going back to change a choice makes it anew.',
    copyXml: 'Copy the XML',
    copyCommands: 'Copy the commands',
    commandsHint: 'This is all that is run on the server, in this order. Each is a row of Activity.'
  },
  checkState: { ok: 'fine', warn: 'take note', fail: 'in the way' },
  check: {
    name: 'Name',
    acceleration: 'Processor',
    firmware: 'Firmware',
    tpm: 'TPM',
    cpus: 'vCPUs',
    memory: 'Memory',
    source: 'Source',
    pool: 'Pool',
    space: 'Space',
    network: 'Network',
    xml: 'XML'
  },
  reason: {
    name: {
      free: '“{name}” is free.',
      taken: 'A machine named “{name}” is there already.',
      looksLikeId: '“{name}” looks like a number or UUID of libvirt; other tools may take it for one.'
    },
    acceleration: {
      kvm: 'KVM: the server’s own processor.',
      noKvm: 'This server has no KVM. Choose emulation, or load the kvm module there.',
      emulated: 'Emulated, because the server has no KVM. Slow.',
      emulatedByChoice: 'Emulated by choice, although the server has KVM. Slow.'
    },
    firmware: {
      there: '{firmware}.',
      instead: '{firmware} instead of {wanted}, which the server has not.',
      missing: '{firmware} is not on this server. Install the package “ovmf” (edk2-ovmf) there.',
      windowsWantsSecure: '{firmware}. The installer of Windows 11 wants secure boot.'
    },
    tpm: {
      there: 'TPM 2.0 by swtpm.',
      missing: 'None: the server has no swtpm.',
      windowsWantsTpm: 'None: the server has no swtpm. The installer of Windows 11 wants a TPM.'
    },
    cpus: {
      fit: '{vcpus} of {threads} threads.',
      unknown: '{vcpus}. How many threads the server has is not known yet.',
      moreThanHost: '{vcpus}, more than the {threads} threads of the server: they wait for each other.',
      tooMany: '{vcpus} are too many: QEMU takes up to {max} in this kind of machine.'
    },
    memory: {
      fits: '{memoryBytes}; {leftBytes} stay free.',
      unknown: '{memoryBytes}. How much is free is not known yet.',
      moreThanFree: '{memoryBytes}, but only {availableBytes} are free: the server would swap.',
      moreThanHost: '{memoryBytes} is more than the server has ({totalBytes}).'
    },
    source: {
      there: '{name} is there.',
      unused: '{name} is there, and no machine uses it.',
      networkBoot: 'Network boot from the empty disk on.',
      nothing: 'Starts from nothing.',
      networkBootNeedsCard: 'To boot from the network it needs a network card.',
      gone: 'The chosen image is not there any more, or its pool is not running.',
      notAnIso: '{name} is no ISO image.',
      isAnIso: '{name} is an ISO image: take it as an install medium.',
      inUse: '{name} is used by {machines}. Two machines on one disk destroy it.',
      isBacking: 'Other images are built on {name}: writing to it would destroy them.',
      usesUnknown: 'Not all machines could be asked whether they use {name}. Try again in a moment.',
      largerThanDisk: '{name} holds {imageBytes}: make the disk at least as large.',
      noLogin: '{name} gets neither a password nor a key: nobody could log in.',
      'userData-start': 'cloud-init would pass this user-data over: its first line does not say what it is.',
      'userData-tab': 'This user-data has a tab in its indentation, which YAML does not take.',
      'userData-empty': 'This user-data says nothing.'
    },
    pool: {
      ready: '{name} ({type}).',
      gone: 'The pool is not there any more.',
      inactive: 'The pool {name} is not started.',
      notResponding: 'The storage of {name} does not answer.',
      unsuited: '{name} is of the kind {type}, which this console does not put disks into.',
      rawOnly: '{name} holds raw disks only.',
      noBacking: '{name} cannot hold thin copies of an image. Take a full copy.',
      backingNeedsQcow2: 'A thin copy is a qcow2 disk.'
    },
    space: {
      fits: '{sizeBytes}; {leftBytes} would stay free.',
      unknown: '{sizeBytes}. How much is free is not known.',
      thinOver: '{sizeBytes}, but only {availableBytes} are free: the pool is full before the disk is.',
      tooLittle: '{sizeBytes} are needed and {availableBytes} are free.'
    },
    network: {
      active: 'Network {name} is active.',
      bridge: 'Bridge {name} is there.',
      none: 'No network card.',
      gone: 'The network is not there any more.',
      inactive: 'Network {name} is not started.',
      bridgeUnknown: 'No such bridge is seen on the server. It will not start without it.'
    },
    xml: {
      edited: 'Edited by hand.',
      notXml: 'This is no XML of a machine.',
      otherUuid: 'The UUID was changed: leave it as it was.',
      otherName: 'The name was changed: change it in the step Size.'
    }
  },
  progress: {
    check: 'checking',
    disk: 'making the disk',
    seed: 'making the seed',
    define: 'defining the machine',
    start: 'starting it',
    undo: 'taking it back',
    some: 'it was being made'
  },
  unfinished: {
    label: 'Machines that were not finished',
    title: '{name} on {server} was not finished.',
    stood: 'It stopped while {step}, begun {time}.',
    finish: 'Finish',
    undo: 'Take back',
    undoTitle: 'Take back {name} on {server}?',
    undoText:
      'The machine and the disks that were made for it are deleted. The image they were made from, and everything else, stays.',
    seedGone: 'Its seed was not kept, because it may hold a password. Take it back and create it anew.'
  }
}
