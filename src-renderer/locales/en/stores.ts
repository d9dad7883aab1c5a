export const stores = {
  volumes: 'Volumes',
  networks: 'Networks',
  pools: 'Pools',
  view: 'What is shown',
  autostart: 'autostart',
  yes: 'yes',
  no: 'no',
  reload: 'Read again',
  newPool: 'New pool',
  newVolume: 'New volume',
  newNetwork: 'New network',
  uploadFile: 'Upload',
  csvTip: 'Save the rows shown, as a table',
  filter: {
    label: 'Filter the volumes',
    placeholder: 'name, pool, format, machine',
    orphans: 'Orphans only',
    orphansTip:
      'Images that no machine and no other image of this server uses. Install media are not counted.',
    count: '{count} volume | {count} volumes',
    shown: '{shown} of {total} volumes · {size}',
    orphanSum: '{count} orphan, {size} | {count} orphans, {size}'
  },
  usesUnknown:
    'Not every machine could be asked what it uses: orphans are not known, and nothing can be deleted.',
  leftOut:
    '{count} volume cannot be shown: libvirt gives no readable name. | {count} volumes cannot be shown: libvirt gives no readable names.',
  blocked: {
    lookOnly: 'This server is set to look only: the console refuses every change on it.',
    notConnected: 'The server is not connected.',
    libvirtWrite: 'The login user may look at storage, but not change it. See Facts of the server.'
  },
  noLibvirt: 'No libvirt here',
  noPools: {
    title: 'No storage pool yet',
    text: 'A pool is a folder, a volume group or a share in which libvirt keeps images. Make one to create or upload volumes.'
  },
  none: { title: 'No volumes', text: 'The running pools are empty. Upload an image or create one.' },
  noMatch: { title: 'No volume fits', text: 'Take something out of the filter.' },
  noNetworks: {
    title: 'No networks',
    text: 'Machines on this server can still use the server’s own bridges.'
  },
  column: {
    name: 'Name',
    pool: 'Pool',
    format: 'Format',
    allocated: 'On disk',
    capacity: 'Size',
    users: 'Used by'
  },
  use: {
    disk: 'disk',
    cdrom: 'CD-ROM',
    floppy: 'floppy',
    backing: 'base of disk',
    kernel: 'kernel',
    initrd: 'initrd',
    dtb: 'device tree',
    loader: 'firmware',
    nvram: 'firmware settings',
    nvramTemplate: 'firmware template',
    snapshot: 'snapshot',
    other: 'device'
  },
  pool: {
    choose: 'Show the volumes of this pool only. Press again for all.',
    menu: 'Actions on the pool {name}',
    use: 'Use of the pool {name}',
    free: 'free',
    volumes: '{count} volume | {count} volumes',
    notResponding: 'The pool’s storage does not answer.',
    notRespondingFor: 'no answer for {span}',
    stopped: 'The pool is stopped.',
    notRead: 'Its volumes could not be read just now.',
    autostartTip: 'libvirt starts it with the server.',
    badge: { notResponding: 'not responding', stopped: 'stopped' },
    action: {
      start: 'Start',
      stop: 'Stop',
      refresh: 'Read its folder again',
      autostartOn: 'Start with the server',
      autostartOff: 'Do not start with the server',
      forget: 'Forget the pool'
    },
    confirm: {
      stop: {
        title: 'Stop the pool {name} on {server}?',
        text: 'Its files stay. Machines that run with disks in it go on; a share is unmounted when nothing uses it.'
      },
      forget: {
        title: 'Forget the pool {name} on {server}?',
        text: 'Only libvirt’s definition is removed. Every file stays where it is.'
      }
    }
  },
  volume: {
    menu: 'Actions on the volume {name}',
    orphan: 'orphan',
    orphanTip: 'No machine and no other image of this server uses it.',
    unused: 'not in use',
    unknownUse: 'not known',
    more: '+{count}',
    baseOf: 'base of {count} image | base of {count} images',
    overlay: 'overlay',
    overlayTip: 'Holds only the differences to {path}',
    notSaid: 'libvirt does not say.',
    action: { download: 'Download', clone: 'Copy…', grow: 'Grow…', delete: 'Delete…' }
  },
  form: {
    name: 'Name',
    newName: 'Name of the copy',
    pool: 'Pool',
    format: 'Format',
    size: 'Size',
    allocation: 'Space',
    thin: 'As needed',
    full: 'All at once',
    becomes: 'The file becomes {name}.',
    formatHint: {
      qcow2: 'Snapshots, backing files, takes only what is used.',
      raw: 'Plain bytes: the fastest, without snapshots inside the image.'
    },
    allocationHint: {
      thin: 'The file grows as the guest writes.',
      full: 'The pool’s space is taken now; it cannot run out later.'
    },
    nameInvalid: 'A name without slashes, blanks at its ends or a leading dash.',
    nameTaken: 'There is already a volume of this name. Nothing is ever overwritten.',
    sizeInvalid: 'A size above 0.',
    noSpace: 'The pool has only {free} free.'
  },
  create: { title: 'New volume on {server}', confirm: 'Create', done: '{name} is there' },
  clone: {
    title: 'Copy {name}',
    subtitle: 'in the pool {pool} on {server}',
    hint: 'A full copy of its own, without backing files: about {size}.',
    running: '{vm} is running and writes to it. Shut it down first: a copy of a moving disk is not whole.',
    confirm: 'Copy',
    done: '{name} is there'
  },
  grow: {
    title: 'Grow {name}',
    now: 'Now {size}.',
    size: 'New size',
    notLarger: 'The new size has to be larger: a smaller disk would cut off data.',
    running: '{vm} is running with it. Grow it from the machine’s page, so that the guest learns of it.',
    hint: 'The guest still has to enlarge its partition and file system.',
    confirm: 'Grow'
  },
  delete: {
    title: 'Delete {name} on {server}?',
    text: 'No machine and no other image of this server uses it.',
    unknownChains:
      'Look before you delete: what the disks of {machines} are based on is not known, because they lie outside of every pool.',
    type: 'Type {name} to delete it',
    commands: 'What is sent',
    copy: 'Copy the command',
    noUndo: 'There is no way back.',
    confirm: 'Delete the volume',
    lock: {
      usedByVm: 'Locked: used by {users}. Detach it there first.',
      backingOfImage: 'Locked: other images hold only the differences to it: {images}.',
      usesUnknown: 'Locked: not every machine of the server could be asked what it uses.',
      poolNotResponding: 'Locked: the pool’s storage does not answer.'
    }
  },
  upload: {
    title: 'Upload to {server}',
    drop: 'Drop a disk image or an ISO here, or pick one.',
    pick: 'Pick a file',
    other: 'Another file',
    empty: 'The file is empty.',
    hint: 'Sent over the server’s one ssh connection. A lost link is waited for; the SHA-256 is compared at the end. Keep this window open.',
    confirm: 'Upload',
    done: '{name} was sent and checked'
  },
  download: {
    done: '{name} is here',
    unchecked: 'The server has no sha256sum: not compared.'
  },
  newPoolDialog: {
    title: 'New pool on {server}',
    type: 'Kind',
    types: { dir: 'Folder', logical: 'LVM', netfs: 'NFS share' },
    folder: 'Folder',
    folderHint: 'Made when it is not there. Files in it become volumes.',
    group: 'Volume group',
    groupHint: 'An existing LVM volume group. Each logical volume is a disk.',
    devices: 'Devices',
    devicesHint:
      'Only to make a new group: block devices, one a line. libvirt refuses devices that hold something.',
    devicesWarning: 'Everything on these devices is lost.',
    host: 'File server',
    exportPath: 'Exported folder',
    mount: 'Mounted at',
    autostart: 'Start with the server',
    pathInvalid: 'A full path, beginning with a slash.',
    groupInvalid: 'Letters, digits, . _ + and -.',
    hostInvalid: 'A host name or an address.',
    confirm: 'Create pool'
  },
  networkColumn: {
    name: 'Name',
    state: 'State',
    autostart: 'Autostart',
    mode: 'Kind',
    bridge: 'Bridge',
    addresses: 'Address',
    dhcp: 'DHCP range',
    machines: 'Machines',
    leases: 'Leases'
  },
  network: {
    title: 'Network {name}',
    menu: 'Actions on the network {name}',
    active: 'active',
    stopped: 'stopped',
    mode: { nat: 'NAT', isolated: 'isolated', bridge: 'bridge', route: 'routed', open: 'open' },
    noBridge: 'It has no bridge while it is stopped.',
    noAddress: 'The server has no address in it.',
    noDhcp: 'It gives out no addresses.',
    inUse: '{name} has an interface in it.',
    leases: '{count} lease | {count} leases',
    noLeases: 'No address is given out now.',
    machines: '{count} machine | {count} machines',
    noMachines: 'No machine has an interface in it.',
    running: 'running',
    off: 'off',
    action: {
      open: 'Leases and machines',
      start: 'Start',
      stop: 'Stop…',
      autostartOn: 'Start with the server',
      autostartOff: 'Do not start with the server',
      delete: 'Delete…'
    },
    confirm: {
      stop: {
        title: 'Stop the network {name}?',
        text: 'No running machine is in it. | {count} running machine loses its link in it. | {count} running machines lose their link in it.'
      },
      delete: {
        title: 'Delete the network {name} on {server}?',
        text: 'It is stopped and its definition removed. No machine is in it.'
      }
    }
  },
  lease: {
    address: 'Address',
    mac: 'MAC',
    machine: 'Machine',
    expires: 'Until',
    noName: 'The guest told no name.'
  },
  newNetworkDialog: {
    title: 'New network on {server}',
    kind: 'Kind',
    kinds: { nat: 'NAT', isolated: 'Isolated', bridge: 'Bridge' },
    kindHint: {
      nat: 'Machines reach the outside through the server; nothing outside reaches them.',
      isolated: 'Machines reach each other and the server, nothing else.',
      bridge: 'Machines are in the same network as the server, on a bridge that is there.'
    },
    cidr: 'Server’s address',
    cidrHint: 'With the prefix: 192.168.100.1/24',
    dhcp: 'Give out addresses (DHCP)',
    start: 'First',
    end: 'Last',
    bridge: 'Bridge',
    noBridges: 'The server has no bridge of its own. Make one there first.',
    autostart: 'Start with the server',
    problem: {
      cidr: 'An IPv4 address of a host with a prefix from /8 to /30.',
      taken: 'Overlaps with another network of this server.',
      dhcpStart: 'Not in the network.',
      dhcpEnd: 'Not in the network.',
      dhcpOrder: 'Comes before the first.',
      dhcpHasOwn: 'The range holds the server’s own address.'
    },
    confirm: 'Create network'
  }
}
