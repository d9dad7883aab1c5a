/** Tables of virtual machines. */
export const machines = {
  title: 'Machines',
  count: '{count} machine | {count} machines',
  csvTip: 'Save the machines shown, as a table',
  notResponding: 'not responding',
  filter: {
    label: 'Filter machines',
    placeholder: 'tag:web state:running mem>80',
    problem: 'Not understood: {term}',
    count: '{shown} of {total}'
  },
  column: {
    name: 'Name',
    server: 'Server',
    state: 'State',
    cpu: 'CPU',
    memory: 'Memory',
    memoryMax: 'Memory max',
    vcpus: 'vCPUs',
    disk: 'Allocated',
    netIn: 'Net in',
    netOut: 'Net out',
    location: 'Location',
    tags: 'Tags',
    memoryRatio: 'Memory %',
    diskRatio: 'Disk %',
    diskRead: 'Disk read',
    diskWrite: 'Disk write'
  },
  columns: 'Columns',
  group: {
    label: 'Group: {by}',
    menu: 'Group the machines',
    none: 'none',
    server: 'server',
    location: 'location',
    tag: 'tag',
    state: 'state',
    noneOf: { none: '', server: '', location: 'No location', tag: 'No tag', state: '' }
  },
  noTags: 'It has no tags.',
  noLocation: 'Its server has no location.',
  csvUnit: {
    memoryRatio: 'ratio',
    diskRatio: 'ratio',
    diskRead: 'bytes/s',
    diskWrite: 'bytes/s',
    cpu: 'ratio',
    memory: 'bytes',
    memoryMax: 'bytes',
    disk: 'bytes',
    netIn: 'bytes/s',
    netOut: 'bytes/s'
  },
  missing: {
    notConnected: 'The server is not connected.',
    off: 'The machine is off.'
  },
  noMatch: { title: 'No machine matches', text: 'Try fewer words, or clear the filter.' },
  noLibvirt: { title: 'No machines can be listed here' },
  none: {
    title: 'No machines',
    all: 'No server has a virtual machine yet, or none has been reached.',
    one: 'libvirt on this server has no virtual machines.'
  }
}
