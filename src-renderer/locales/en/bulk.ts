/** One action on many machines. */
import type { MachineAction } from '#contract/vocabulary.ts'

export const bulk = {
  label: 'Actions for the ticked machines',
  machines: '{count} machine | {count} machines',
  servers: '{count} server | {count} servers',
  chosen: '{machines} on {servers}',
  do: '{action} ({count})',
  more: 'More actions for the ticked machines',
  clear: 'Untick all',
  none: 'It can be done with none of the ticked machines now.',
  title: '{action}: {machines}',
  summary: '{done} done · {failed} failed · {skipped} not begun',
  state: {
    waiting: 'waits',
    running: 'under way',
    done: 'done',
    already: 'was so already',
    failed: 'failed',
    skipped: 'not begun'
  },
  stop: 'Stop the rest',
  again: 'Try {count} again',
  ended: '{action}: {count} of {total} machines.',
  details: 'Details',
  question: {
    title: '{action}: {machines} on {servers}?',
    type: 'Type {count} to go on.',
    templates:
      'One of them is a template, and its clones are made of its disks as they are now: {names}. | {count} of them are templates, and their clones are made of their disks as they are now: {names}.',
    start: '',
    shutDown:
      'Each guest is asked to end its programs and switch off. It may take a while, and a guest may ignore it.',
    reboot: 'Each guest is asked to end its programs and start again.',
    reset: 'They start anew at once. What the guests have not written to their disks is lost.',
    forceOff:
      'They stop at once, like a pulled plug. What the guests have not written to their disks is lost.',
    pause: '',
    resume: '',
    save: 'The memory of each is written to its server’s disk, and it is switched off. It goes on there at its next start.',
    discardSaved:
      'Their next start is a boot. What they had in memory and had not written to their disks is lost.',
    autostartOn: '',
    autostartOff: ''
  } satisfies Record<MachineAction | 'title' | 'type' | 'templates', string>
}
