import type { MachineChange } from '#contract/configuration.ts'
import type { MachineAction } from '#contract/vocabulary.ts'

export const activity = {
  title: 'Activity',
  text: 'Everything that was changed on a server through this console, with the exact command.',
  label: 'Journal',
  filter: 'Filter the journal',
  filterPlaceholder: 'server, machine, action, command',
  when: 'When',
  server: 'Server',
  machine: 'Machine',
  action: 'Action',
  outcome: 'Outcome',
  exitCode: 'Exit',
  duration: 'Took',
  command: 'Command',
  stderr: 'The server’s words',
  outcomes: { pending: 'sent', done: 'done', failed: 'failed', unknown: 'unknown' },
  unknownTip:
    'The connection or the console ended before the answer came. Look at the server to see what happened.',
  pendingTip: 'Sent; no answer yet.',
  noExit: 'The command did not report an exit code.',
  noDuration: 'It has not ended, or its end was not seen.',
  noMachine: 'The command was about the server itself.',
  actions: {
    start: 'Start',
    shutDown: 'Shut down',
    reboot: 'Reboot',
    forceOff: 'Force off',
    pause: 'Pause',
    resume: 'Resume',
    agentTimeout: 'Limit the wait for the guest agent',
    change: {
      vcpus: 'Change vCPUs',
      memory: 'Change memory',
      diskAttach: 'Add disk',
      diskGrow: 'Grow disk',
      diskDetach: 'Detach disk',
      driveAttach: 'Add CD drive',
      media: 'Change medium',
      interfaceAttach: 'Add interface',
      interfaceLink: 'Plug or pull cable',
      interfaceDetach: 'Detach interface',
      boot: 'Change boot order',
      agentChannel: 'Add agent channel',
      title: 'Change title',
      description: 'Change description',
      tags: 'Change tags',
      xml: 'Change XML',
      restore: 'Take back definition'
    } satisfies Record<MachineChange['kind'], string>,
    pool: {
      start: 'Start pool',
      stop: 'Stop pool',
      refresh: 'Refresh pool',
      autostartOn: 'Pool autostart on',
      autostartOff: 'Pool autostart off',
      forget: 'Forget pool',
      create: 'New pool'
    },
    volume: {
      create: 'New volume',
      clone: 'Copy volume',
      grow: 'Grow volume',
      delete: 'Delete volume',
      upload: 'Upload volume'
    },
    network: {
      start: 'Start network',
      stop: 'Stop network',
      autostartOn: 'Network autostart on',
      autostartOff: 'Network autostart off',
      create: 'New network',
      delete: 'Delete network'
    },
    clone: 'Clone',
    markTemplate: 'Mark as template',
    unmarkTemplate: 'No longer a template',
    snapshot: {
      create: 'Take snapshot',
      revert: 'Revert to snapshot',
      delete: 'Delete snapshot',
      mergeBack: 'Merge snapshot back'
    }
  } satisfies Record<MachineAction, string> & Record<string, unknown>,
  copy: 'Copy as shell command',
  csv: 'CSV',
  csvTip: 'Save the rows shown, as a table',
  more: 'Load older entries',
  empty: 'Nothing was changed yet',
  emptyText: 'Start, stop or pause a machine, and it is written down here.',
  noMatch: 'No entry fits the filter.',
  detail: 'Command',
  close: 'Close the detail'
}
