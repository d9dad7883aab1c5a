/** Clones and templates. */
import type { CloneMode, CloneNote, CloneProgress, CloneRefusalReason } from '#contract/clones.ts'

export const clones = {
  act: {
    clone: 'Clone…',
    markTemplate: 'Mark as template',
    unmarkTemplate: 'No longer a template'
  },
  template: 'template',
  templateTip: 'It is there to be cloned. Starting it is asked for first.',
  title: 'Clone “{vm}”',
  subtitle: 'On {server}. The clone gets a UUID, MAC addresses and disks of its own.',
  loading: 'Reading the machine',
  name: 'Name of the clone',
  suggested: '{vm}-clone',
  nameBad: 'Up to 100 characters; no slash, not beginning with a dash.',
  nameTaken: 'A machine of this name is on the server already.',
  mode: {
    label: 'Disks',
    full: 'Full copy',
    linked: 'Linked',
    hint: {
      full: 'Everything is copied: about {size}. The clone needs its source no more.',
      linked:
        'Only what the clone changes is kept, in a layer over the disks of “{vm}”. Made at once; it breaks when the source is started or deleted.'
    }
  } satisfies Record<CloneMode | 'label', string> & { hint: Record<CloneMode, string> },
  sizeUnknown: 'an unknown size',
  pool: 'Storage pool',
  samePool: 'where the originals lie',
  poolFree: '{pool} · {size} free',
  keepMedia: 'Keep the media in its drives',
  keepMediaHint:
    '{count} medium, which both machines would read | {count} media, which both machines would read',
  markTemplate: 'Mark “{vm}” as a template',
  markTemplateHint: 'So that it is not started by mistake: that would break the linked clones.',
  start: 'Start the clone',
  make: 'Clone',
  noDisks: 'The machine has no disks to copy.',
  refusal: {
    vmNotOff: 'The machine is not off: its disks change while they would be copied. Shut it down first.',
    diskNotFile: 'These disks are no files, so they cannot be copied here: {disks}.',
    diskShared:
      'These disks are shared by several machines on purpose; a clone would write to them too: {disks}.',
    diskNotInPool: 'These disks lie in no running storage pool, so that libvirt cannot copy them: {disks}.',
    cannotLink: 'No layer can be put over these disks: {disks}.',
    noSpace: 'The storage pool has less room than the copies take.'
  } satisfies Record<CloneRefusalReason, string>,
  note: {
    consolePassword: 'A password of the console, if there is one, is not taken over.',
    tpm: 'The TPM of the clone begins empty.',
    hostDevice: 'A device of the server is handed to the machine: only one of the two can run at a time.'
  } satisfies Record<CloneNote, string>,
  nvram: 'The variables of its UEFI firmware are copied too.',
  step: {
    checking: 'checking',
    copying: 'copying',
    defining: 'defining',
    starting: 'starting',
    undoing: 'taking back what was made'
  } satisfies Record<CloneProgress['step'], string>,
  done: '“{name}” was cloned from {vm}.',
  startFailed: 'It could not be started: {words}',
  open: 'Open',
  marked: '{vm} is a template now.',
  unmarked: '{vm} is no template any more.',
  startTemplate: {
    title: 'Start the template “{vm}”?',
    text: 'It is marked as a template on {server}. Starting it changes its disks, and breaks linked clones that stand on them.',
    confirm: 'Start it anyway'
  }
}
