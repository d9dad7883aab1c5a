/** Many servers at once. */
export const bulkServers = {
  label: 'Actions for the ticked servers',
  chosen: '{count} server ticked | {count} servers ticked',
  clear: 'Untick all (Esc)',
  all: 'Tick the one server shown | Tick all {count} servers shown',
  names: 'Servers',
  namesAndMore: '{names} and {count} more',
  notShown: '{count} of them is not shown now. | {count} of them are not shown now.',
  notShownShort: '{count} not shown',
  notShownMark: 'not shown',
  notShownTip: 'Ticked, but hidden by the filter: {names}. Click to untick them.',
  gone: '{count} was removed meanwhile. | {count} were removed meanwhile.',
  collecting: 'Collecting',
  start: 'Start collecting ({count})',
  startNone: 'All of them are collected from.',
  stop: {
    action: 'Stop collecting… ({count})',
    none: 'None of them is collected from.',
    title: 'Stop collecting from {count} server? | Stop collecting from {count} servers?',
    text: 'The console closes its connections and reads nothing from these servers until you start again. Their history stays; the time in between is a gap. Nothing on the servers changes.',
    confirm: 'Stop collecting from {count} | Stop collecting from {count}'
  },
  connect: 'Connect {count} server now | Connect {count} servers now',
  connectNone: 'All of them are connected, or stopped by you.',
  connecting: 'Connecting {count} server. | Connecting {count} servers.',
  edit: {
    title: 'Edit {count} server | Edit {count} servers',
    save: 'Change {count} server | Change {count} servers'
  },
  started: 'Collecting from {count} server has started. | Collecting from {count} servers has started.',
  stopped: 'Collecting from {count} server has stopped. | Collecting from {count} servers has stopped.',
  edited: 'No server had to be changed. | {count} server was changed. | {count} servers were changed.',
  undo: {
    action: 'Undo',
    done: 'No server was set back. | {count} server is as it was before. | {count} servers are as they were before.',
    editedSince:
      '{count} was changed again since and stays as it is. | {count} were changed again since and stay as they are.'
  },
  choice: { leave: 'Leave', set: 'Set', clear: 'Clear', on: 'On', off: 'Off', default: 'Default' },
  now: {
    all: 'all: {value}',
    none: 'none',
    on: 'on',
    off: 'off',
    default: 'default',
    seconds: '{count} s'
  },
  field: { lookOnly: 'Look only', useSudo: 'Use sudo', collecting: 'Collecting' },
  hint: {
    lookOnly: 'The console refuses every change on these servers and their machines.',
    collecting: {
      on: 'They are connected at once.',
      off: 'Their connections are closed; the time until you start again is a gap in their history.'
    }
  },
  tags: {
    present: 'Tags of these servers',
    on: 'On {count} of {total}',
    add: 'Add {tag} to the other one | Add {tag} to the other {count}',
    remove: 'Remove {tag} from the one that has it | Remove {tag} from all {count} that have it',
    new: 'Add tags to all'
  },
  error: {
    locationText: 'Type a location of at most 80 characters, or choose “Clear”.',
    newTags: 'At most 16 tags, each of at most 32 characters, without colons.',
    intervalSec: 'Between 2 and 60 seconds.'
  },
  preview: {
    title: 'What will change',
    untouched: 'Nothing yet. What you leave stays as each server has it.',
    nothing: 'Nothing: they are all so already.',
    of: '{count} of {total}'
  },
  line: {
    location: 'Location: {value}',
    clearLocation: 'No location any more',
    addTag: 'Tag added: {value}',
    removeTag: 'Tag removed: {value}',
    lookOnly: { on: 'Look only on', off: 'Look only off' },
    useSudo: { on: 'Use of sudo on', off: 'Use of sudo off' },
    collecting: { on: 'Collecting starts', off: 'Collecting stops' },
    interval: 'Interval: {value} s',
    defaultInterval: 'Interval: the default'
  },
  tooManyTags: 'No more than {most} tags fit on a server. Too many on: {names}.',
  remove: {
    action: 'Remove the ticked servers from the list…',
    title: 'Remove {count} server from the list? | Remove {count} servers from the list?',
    text: 'The console forgets how to reach these servers, with any passwords kept for them. Nothing on the servers is touched.',
    history: 'Delete their history too',
    historyGone: 'All recorded values of these servers and their machines are deleted.',
    type: 'Type {count} to confirm',
    confirm: 'Remove {count}',
    confirmAll: 'Remove {count} with history',
    done: '{count} server was removed. | {count} servers were removed.'
  }
}
