/** Tables of virtual machines. */
export const machines = {
  title: 'Machines',
  count: '{count} machine | {count} machines',
  csvTip: 'Save the machines shown, as a table',
  notResponding: 'not responding',
  filter: {
    label: 'Filter machines',
    placeholder: 'state:running cpu>80 server:web',
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
    netOut: 'Net out'
  },
  csvUnit: {
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
