/** Backup and restore, in the settings. */
export const backup = {
  title: 'Backup',
  never: 'No backup was made yet.',
  last: 'Last backup: {time}, {size}',
  hint: 'Servers, settings, journal and the whole history in one file of about {size}. Sampling goes on meanwhile.',
  make: 'Back up now',
  done: 'Backup of {size} saved.',
  waiting: 'The backup of {time} is restored at the next start.',
  waitingText: 'Quit Virthelm and start it again. The present data is then put aside in the data folder.',
  disarm: 'Do not restore it',
  putAside:
    'Data that a restore has put aside; delete it by hand once it is not needed any more: | Data that restores have put aside; delete it by hand once it is not needed any more:',
  restore: {
    open: 'Restore …',
    title: 'Restore a backup',
    reading: 'Reading the file …',
    checking: 'Checking every file and both databases …',
    sound: 'The backup is whole and sound. If you restore it:',
    atStart: 'It takes effect at the next start: quit Virthelm and start it again.',
    aside:
      'All servers, settings, journal and history of now are put aside in the data folder. Nothing is deleted.',
    until: 'What is sampled between the backup and the next start is in the data put aside only.',
    confirm: 'Restore at the next start',
    fact: { made: 'Made', servers: 'Servers', size: 'Size', version: 'By version' }
  }
}
