export const settings = {
  title: 'Settings',
  sampling: 'Sampling',
  interval: 'Default interval',
  intervalHint: 'Servers without an interval of their own are read this often.',
  seconds: 's',
  range: 'From {min} to {max}.',
  look: 'Appearance',
  theme: 'Theme',
  themes: { system: 'Like the system', dark: 'Dark', light: 'Light' },
  timeZone: 'Times are shown in',
  zones: { local: 'Local time ({zone})', utc: 'UTC' },
  fleetView: 'Fleet opens as',
  history: 'History',
  raw: 'Every sample',
  minute: 'One-minute means',
  hour: 'One-hour means',
  day: 'One-day means',
  days: 'days',
  forEver: 'for ever',
  valuesSince: 'since {date}',
  noValuesYet: 'none yet',
  budget: 'Disk budget',
  budgetHint: 'Where it does not suffice, the oldest minutes go first, then the oldest samples.',
  budgetSize: 'Size of the budget',
  budgetNone: 'No limit',
  budgetLimited: 'At most',
  usage: {
    takes: 'The history takes',
    diskFree: '{size} free on this disk',
    samples: 'Every sample {size}',
    means: 'Means {size}',
    free: 'Free inside the file {size}',
    year: 'In a year, at today’s rate and with these spans: about {size}.',
    tooEarly: 'What a year takes can be told after a few hours of values.',
    fits: 'The budget holds all of it.',
    fewerSamples:
      'The budget will leave about {days} of {wanted} days of samples, and no one-minute means before them.',
    fewerMinutes:
      'The budget will leave about {days} of {wanted} days of samples and one-minute means together.'
  },
  retentionHint: 'Older values are removed by themselves. Shorter spans free space within the hour.',
  retentionConfirm: {
    title: 'Keep less history?',
    text: 'Values beyond the new spans and the budget are deleted for good.',
    confirm: 'Keep less'
  },
  retentionOrder: 'Each coarser level must be kept at least as long as the finer one.',
  apply: 'Apply',
  saved: 'Saved.',
  secrets: 'Passwords and passphrases',
  canKeep: 'Kept encrypted by {backend}.',
  cannotKeep:
    'They are not kept on this computer ({backend}): they are asked for at each start. Keys and agents work as always.',
  inMemory:
    'They are kept in memory only, and asked for again at each start. Keys and agents work as always.',
  dataFolder: 'Data folder',
  about: 'About',
  version: 'Version',
  mode: { desktop: 'Desktop', browser: 'Browser mode' },
  network:
    'Virthelm connects to your servers, and to the outside engines that you add here. It sends nothing anywhere else.'
}
