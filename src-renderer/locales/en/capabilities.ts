/** What a server can tell, and why it cannot. */
import type { CapabilityCause, CapabilityId } from '#contract/vocabulary.ts'

export const capabilities = {
  id: {
    host: 'CPU, memory, disks and network',
    pressure: 'Pressure (PSI)',
    fileSystems: 'File systems',
    libvirt: 'Machines (libvirt)',
    libvirtWrite: 'Acting on machines',
    processes: 'Processes',
    processIo: 'Disk I/O of processes',
    users: 'Users logged in',
    units: 'Services (systemd)',
    updates: 'Pending updates',
    containers: 'Containers',
    smart: 'Health of disks (SMART)',
    sensors: 'Temperatures and fans',
    gpu: 'Graphics cards',
    power: 'Power',
    listeningPorts: 'Listening ports',
    accessLogs: 'Access logs',
    portForwarding: 'Scans from inside (port forwarding)',
    firmwareTables: 'Memory modules and serial number',
    sudo: 'Rights by sudo'
  } satisfies Record<CapabilityId, string>,
  cause: {
    checking: 'Not checked yet. The first answer is on its way.',
    kernelTooOld: 'The server’s kernel does not report it.',
    toolMissing: 'A tool that is needed for it is not installed on the server.',
    permissionDenied: 'The login user may not read it.',
    daemonDown: 'The service behind it does not run.',
    stalled: 'The server does not finish answering; it is asked again from time to time.',
    unreadable: 'The server answered in a form that could not be read.',
    lookOnly: 'This server is set to look only.',
    notPresent: 'This server has none.'
  } satisfies Record<CapabilityCause, string>,
  /** Where the general words would mislead. */
  causeOf: {
    sudo: {
      toolMissing: 'sudo is not installed on the server.',
      permissionDenied:
        'sudo does not run all of it without a password. The line below allows exactly what is asked.'
    },
    pressure: { unreadable: 'The kernel has it, but it was not switched on at boot.' }
  },
  /** For a missing value, when nothing better is known. */
  noReason: 'The server did not report it.',
  notNow: 'The server is not connected now; its last values are on its page.',
  notConnected: 'The server has not been reached yet.',
  partly: 'works in part',
  checked: 'checked {age} ago',
  again: 'Check again',
  againTip:
    'Reads everything now. Where something is refused, the console logs in anew, so that new groups count.',
  allWell: 'Everything this server has can be read.',
  cannotRead: '{count} thing cannot be read | {count} things cannot be read',
  sudoHint:
    'With sudo switched on for this server, the console puts “sudo -n” before what the login user may not read. It never asks for a password.',
  useSudo: 'Use sudo…',
  group: {
    missing: 'Cannot be read',
    checking: 'Being checked',
    working: 'Works',
    absent: 'Not on this server, or off by choice'
  },
  works: 'works',
  missing: 'missing',
  copyFix: 'Copy the command'
}
