/** Channels: how alerts are told beside this window. */
import type { ChannelTarget } from '#contract/alert-channels.ts'

type Kind = ChannelTarget['kind']

export const alertChannels = {
  label: 'Channels',
  text: 'Alerts are told on every channel that is switched on, unless their rule says otherwise.',
  add: 'Add channel',
  none: 'No channels',
  kind: { desktop: 'Desktop', webhook: 'Webhook', ntfy: 'ntfy', email: 'E-mail' } satisfies Record<
    Kind,
    string
  >,
  target: {
    desktop: 'Notifications of this desktop',
    webhook: '{url}',
    ntfy: '{topic} on {server}',
    email: '{to} by {host}'
  } satisfies Record<Kind, string>,
  enable: 'Tell on {name}',
  edit: 'Edit…',
  remove: 'Remove…',
  menu: 'Actions of the channel {name}',
  removeTitle: 'Remove the channel “{name}”?',
  removeText: 'Nothing is told there any more. What waits for it is dropped.',
  removed: 'Removed: {name}',
  desktopStays: 'The desktop’s own channel stays; it can be switched off.',
  test: 'Test',
  tested: 'Sent in {span}',
  state: {
    off: 'switched off',
    never: 'nothing sent yet',
    sent: 'last sent {age} ago',
    waiting: '{count} waits | {count} wait',
    failedAt: 'Failed {age} ago',
    nextTry: 'next try {time}',
    noTry: 'not tried again by itself'
  },
  facts: {
    level: { RED: 'only RED', AMBER: 'RED and AMBER' },
    limit: 'at most {count} an hour',
    gather: 'gathered over {span}',
    atOnce: 'each at once'
  },
  dialog: {
    addTitle: 'Add a channel',
    editTitle: 'Channel: {name}',
    name: 'Name',
    kind: 'Kind',
    url: 'Address',
    urlHint: 'A POST of JSON; its shape is in the guide',
    server: 'Server',
    topic: 'Topic',
    host: 'Mail server',
    port: 'Port',
    security: 'Security',
    securities: { tls: 'TLS (465)', startTls: 'STARTTLS (587)', none: 'none' },
    noneHint: 'Nothing is encrypted, and no password is sent. Only for a relay that you trust.',
    user: 'User',
    userHint: 'empty: no login',
    from: 'From',
    to: 'To',
    toHint: 'several with commas between',
    secret: {
      desktop: '',
      webhook: 'Secret to sign with',
      ntfy: 'Access token',
      email: 'Password'
    } satisfies Record<Kind, string>,
    secretKept: 'One is kept. Leave it empty to keep it.',
    secretNew: 'Kept encrypted by this console, and never shown again.',
    secretMemory: 'This computer has no place to keep secrets: it holds only until the console ends.',
    secretDrop: 'Forget the one that is kept',
    leastLevel: 'Tells',
    limit: 'Messages an hour, at most',
    limitHint: 'What is more is gathered into one.',
    gather: 'Gather news over',
    gatherHint: '0 s tells each at once. RED never waits longer than 30 s.',
    enabled: 'Switched on',
    test: 'Send a test message',
    testHint: 'A test is sent with what stands here, also before it is saved.'
  },
  problem: {
    name: 'Give it a name.',
    nameTaken: 'Another channel has this name.',
    url: 'Write an address that begins with http:// or https://.',
    topic: 'Letters, digits, - and _, at most 64.',
    host: 'Write the name or address of the server.',
    port: 'From 1 to 65535.',
    from: 'Write one e-mail address.',
    to: 'Write e-mail addresses with commas between, at most 20.',
    limit: 'A whole number from 1 to 1000.',
    gather: 'Write a time, like 0 s, 10 s or 5 min; at most 1 d.'
  }
}
