/** Adding and editing a server. */
import type { TestStepId } from '#contract/servers.ts'

export const addServer = {
  title: 'Add a server',
  editTitle: 'Edit “{name}”',
  subtitle: 'Reached by SSH. Nothing is installed on it.',
  save: 'Add server',
  more: 'More: jump hosts, interval, sudo, look only, note',
  login: 'Login',
  config: {
    title: 'From ~/.ssh/config',
    filter: 'Search hosts',
    noMatch: 'No host matches.',
    problems: 'Not followed in your configuration: {list}'
  },
  field: {
    address: 'Address',
    user: 'User',
    port: 'Port',
    name: 'Name',
    location: 'Location',
    tags: 'Tags',
    note: 'Note',
    jumps: 'Jump hosts',
    agent: 'Ask the SSH agent',
    keyFiles: 'Key files',
    passphrase: 'Passphrase',
    usePassword: 'Log in with a password',
    password: 'Password',
    remember: 'Keep it for the next start',
    interval: 'Interval',
    lookOnly: 'Look only',
    useSudo: 'Use sudo'
  },
  placeholder: { location: 'Rack, room or city' },
  hint: {
    keyFiles: 'One path per line. Empty: none beside the agent’s.',
    passphrase: 'Only if the key has one.',
    password: 'Also answers keyboard-interactive logins. Empty: it is asked for when needed.',
    passwordKept: 'One is kept. Leave empty to keep it.',
    rememberBackend: 'Kept by {backend}.',
    cannotRemember: 'Nothing on this computer can keep it safely; it is asked for again at the next start.',
    jumps: 'One per line, nearest first. The same agent, keys and password are used.',
    interval: 'Seconds between two samples. Empty: as in the settings.',
    useSudo:
      'Puts “sudo -n” before the few commands that read what the login user may not. It never asks for a password; what sudo does not allow is left out, with the line that would allow it.',
    lookOnly: 'The console refuses every change on this server and its machines.'
  },
  error: {
    address: "Type a host name or an address, like root{'@'}192.0.2.10:22.",
    user: 'Type the user to log in as.',
    port: 'A port is a number from 1 to 65535.',
    name: 'Give it a name, at most 80 characters.',
    nameTaken: 'Another server has this name already.',
    location: 'At most 80 characters.',
    tags: 'Tags hold no colon, and at most 32 characters each; at most 16 tags.',
    note: 'At most 2000 characters.',
    jumps: "Each line is one host, like user{'@'}gateway:22; at most four.",
    useAgent: 'Choose at least one way to log in: the agent, a key file or a password.',
    keyFiles: 'At most 16 paths.',
    intervalSec: 'From 2 to 60 seconds.'
  },
  test: {
    run: 'Test',
    stop: 'Stop',
    title: 'Test',
    label: 'Steps of the test',
    intro: 'Test goes through the connection step by step and says what to mend. It is not needed to save.',
    passed: 'Everything works.',
    passedPartly: 'It works, without what is marked above.',
    notPassed: 'You can save all the same; the console goes on trying.',
    step: {
      resolve: 'Find the address',
      connect: 'Connect',
      hostKey: 'Host key',
      login: 'Log in',
      shell: 'Shell',
      virsh: 'libvirt',
      rights: 'Rights',
      sudo: 'sudo'
    } satisfies Record<TestStepId, string>,
    state: {
      waiting: 'not yet',
      running: 'running',
      passed: 'passed',
      warned: 'works with a restriction',
      failed: 'failed',
      skipped: 'skipped'
    },
    fact: {
      port: 'port {value}',
      user: 'as {value}',
      method: 'by {value}',
      kernel: 'kernel {value}',
      libvirt: 'libvirt {value}',
      machines: 'machines: {value}'
    }
  },
  hostKey: {
    unknown: 'Do you know this key?',
    changed: 'The host key has changed',
    pinned: 'Trusted',
    shown: 'Shown now',
    compare: 'Compare',
    copy: 'Copy the fingerprint',
    unknownText: 'Compare it with the server’s own, by the command above on the server itself.',
    changedText:
      'No password or key was sent. Either the server was installed anew, or someone stands between you and it.',
    sure: 'I have compared it',
    trust: 'Trust this key',
    replace: 'Trust the new key'
  }
}
