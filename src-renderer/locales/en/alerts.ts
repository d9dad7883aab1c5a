/** Alerts: what is wrong now or will be, what was, and what the operator says to it. */
import type { EntityKind } from '#contract/metric-catalogue.ts'

export const alerts = {
  title: 'Alerts',
  tabs: { label: 'Parts of this page', now: 'Now', history: 'History', rules: 'Rules', channels: 'Channels' },
  level: { RED: 'RED', AMBER: 'AMBER' },
  count: {
    RED: '{count} RED alert | {count} RED alerts',
    AMBER: '{count} AMBER alert | {count} AMBER alerts'
  },
  chip: { RED: '{count} RED', AMBER: '{count} AMBER' },
  filter: {
    label: 'Filter alerts',
    placeholder: 'location:office process:*',
    help: 'Words look in names, rules and sentences. Also: server:, machine:, process:, rule:, location:, tag:, level:red.'
  },
  /** Names of the rules that come with the console. */
  presets: {
    serverOff: 'Server is off',
    vmNotResponding: 'Machine does not respond',
    vmOff: 'Machine is off',
    processCpu: 'Process is busy',
    processMemory: 'Process fills the memory',
    cpu: 'CPU is busy',
    memory: 'Memory is running out',
    disk: 'File system is filling up',
    inodes: 'Inodes are running out',
    smartHealth: 'Drive is failing',
    temperature: 'Server is hot',
    gpuTemperature: 'GPU is hot',
    unitFailed: 'Unit has failed',
    portClosed: 'Port is closed',
    vmCpu: 'Machine CPU is busy',
    vmMemory: 'Machine memory is running out'
  },
  /** Metrics that are 1 or 0: what it means that they are below 1. */
  flag: {
    disk: {
      healthy: { is: 'The drive {label} does not call itself healthy any more.', when: 'not healthy' }
    },
    unit: { active: { is: 'The unit {label} is not active.', when: 'not active' } },
    port: { open: { is: 'The port {label} is not open.', when: 'not open' } }
  },
  kind: {
    server: 'Server',
    disk: 'Disk',
    interface: 'Network interface',
    mount: 'File system',
    core: 'CPU thread',
    gpu: 'GPU',
    sensor: 'Sensor',
    power: 'Power source',
    watch: 'Watched processes',
    container: 'Container',
    unit: 'Unit',
    port: 'Port',
    web: 'Access log',
    vm: 'Machine'
  } satisfies Record<EntityKind, string>,
  /** Where the catalogue's own name would not read well in a sentence; the others are `metricNames`. */
  metric: {
    server: { memoryUsedRatio: 'Memory used', swapUsedRatio: 'Swap used', diskUsedRatio: 'Disks used' },
    mount: { usedRatio: 'File system used', inodesUsedRatio: 'Inodes used' },
    vm: {
      cpuUsedRatio: 'Machine CPU',
      memoryUsedRatio: 'Machine memory used',
      diskUsedRatio: 'Machine disks used'
    },
    gpu: {
      utilisationRatio: 'GPU busy',
      memoryUsedRatio: 'GPU memory used',
      temperatureCelsius: 'GPU temperature'
    },
    disk: { healthy: 'Drive', wearUsedRatio: 'Drive worn', temperatureCelsius: 'Drive temperature' },
    unit: { active: 'Unit' },
    port: { open: 'Port' }
  },
  metricOf: '{kind}: {metric}',
  process: { cpuUsedRatio: 'Process CPU', memoryUsedRatio: 'Process memory' },
  watch: { serverOff: 'Server off', vmNotResponding: 'Machine not responding', vmOff: 'Machine off' },
  withPattern: '{what} of “{pattern}”',
  ofLabel: '{what} ({label})',
  foretold: '{name}, forecast',
  onServer: '{name} on {server}',
  beyond: { above: 'above {threshold}', below: 'below {threshold}' },
  beyondFor: '{beyond} for {span}',
  forSpan: 'for {span}',
  atOnce: 'at once',
  orForetold: 'or forecast within {span}',
  orNoData: 'or without values for {span}',
  ruleSays: 'Rule: {what} {when}.',
  back: 'Its value is back; it is over once it stays so.',
  rising: 'Rising by {rate} an hour.',
  falling: 'Falling by {rate} an hour.',
  risingPoints: 'Rising by {rate} percentage points an hour.',
  fallingPoints: 'Falling by {rate} percentage points an hour.',
  byTimeOfDay: 'As it goes at this time of day.',
  say: {
    is: '{what}: {value}.',
    isAtWorst: '{what}: {value}, {worst} at its worst.',
    wasAtWorst: '{what}: {worst} at its worst.',
    cpuUsedRatio: 'Process {process} (pid {pid}, user {user}) uses {value} of a CPU thread.',
    cpuUsedRatioNoUser: 'Process {process} (pid {pid}) uses {value} of a CPU thread.',
    memoryUsedRatio: 'Process {process} (pid {pid}, user {user}) uses {value} of the memory.',
    memoryUsedRatioNoUser: 'Process {process} (pid {pid}) uses {value} of the memory.',
    reaches: '{what} {value} now, reaches {threshold} in about {span} (range {from} to {to}). {change}',
    reachesMaybe:
      '{what} {value} now, reaches {threshold} in about {span} ({from} at the earliest, or not at all). {change}',
    reachesSurely: '{what} {value} now, reaches {threshold} in about {span}. {change}',
    fallsToSurely: '{what} {value} now, falls to {threshold} in about {span}. {change}',
    fallsTo: '{what} {value} now, falls to {threshold} in about {span} (range {from} to {to}). {change}',
    fallsToMaybe:
      '{what} {value} now, falls to {threshold} in about {span} ({from} at the earliest, or not at all). {change}',
    wasForetold: '{what} was forecast to reach {threshold}.',
    noData: 'No values of “{what}” come in, though the server is connected.',
    serverOff: 'No answer.',
    serverOffBecause: 'No answer. {why}',
    vmNotResponding: 'It runs, says libvirt, but does not answer: its monitor hangs.',
    vmOff: 'It crashed or is off, though nobody asked for it here.'
  },
  scope: {
    fleet: 'all servers',
    location: 'location {name}',
    noLocation: 'no location',
    tag: 'tag {name}',
    vm: 'machine {name}',
    goneServer: 'removed server',
    goneVm: 'removed machine'
  },
  override: {
    title: 'Otherwise on',
    is: '{where}: {says}',
    off: '{where}: off',
    other: 'other times',
    count: 'none | {count} exception | {count} exceptions'
  },
  quiet: {
    title: 'Quiet',
    text: 'shown, but not told and not counted',
    silence: 'Silenced until {time}',
    silenceForever: 'Silenced until it is lifted',
    maintenance: 'Maintenance until {time}',
    maintenanceForever: 'Maintenance'
  },
  now: {
    title: 'Raised now',
    order: 'most severe first',
    label: 'Alerts raised now',
    since: 'Since',
    leftOut: '{count} more are not listed. | {count} more are not listed.',
    acknowledge: 'Acknowledge',
    acknowledged: 'Acknowledged',
    acknowledgedAt: 'Acknowledged {time}',
    noNote: 'seen',
    silence: 'Silence {target}…',
    select: 'Show the details of {target}',
    trend: 'Course of {what}, threshold {threshold}',
    noTrend: 'There is no history of this.',
    noMatch: 'No alert fits the filter',
    keys: 'j and k move, a acknowledges, s silences, Enter opens the page of it'
  },
  clear: {
    title: 'All clear',
    text: '{rules} on {servers}. Nothing is beyond its threshold, and nothing is forecast to be.',
    rules: 'No rule is switched on | {count} rule watches | {count} rules watch',
    servers: 'no server | {count} server | {count} servers',
    off: 'Nothing is watched',
    offText: 'Every rule is switched off. Switch some on, so that you are warned.',
    toRules: 'Show the rules',
    quiet: '{count} quiet one below. | {count} quiet ones below.'
  },
  detail: {
    label: 'Details of the alert',
    chart: '{target}, {what}',
    measured: 'measured',
    forecast: 'forecast with range',
    threshold: '{level} {threshold}',
    now: 'now',
    raised: 'raised',
    redSince: 'RED',
    openServer: 'Open {name}',
    openHistory: 'History',
    noChart: 'Nothing is measured over time for this.',
    openProcesses: 'Processes of {name}',
    rule: 'Rule: {name}',
    appliesTo: 'Applies to',
    when: 'When',
    notBefore: 'Not before',
    samples: '{count} sample, beyond it for {span} | {count} samples, beyond it for {span}',
    beyondAtOnce: 'at the first sample',
    recovers: 'recovers at {value} for {span}',
    recoversAtOnce: 'recovers at {value}',
    recoversAfter: 'recovers after {span}',
    recoversFirst: 'recovers at once',
    tell: 'Tell',
    once: 'once',
    again: 'then every {span}',
    recovery: 'and its recovery',
    editRule: 'Edit rule…',
    ruleGone: 'The rule was removed since.',
    acknowledgedBy: 'Acknowledged {time}',
    since: 'Raised {time}, {span} ago',
    redFor: 'RED since {time}'
  },
  acknowledge: {
    title: 'Acknowledge',
    change: 'Acknowledged',
    text: 'It stays in the list, but is not told again.',
    note: 'Note',
    notePlaceholder: 'Who takes care of it, and until when',
    takeBack: 'Take back',
    done: 'Acknowledged: {target}',
    takenBack: 'Not acknowledged any more: {target}'
  },
  silence: {
    title: 'Silence',
    text: 'It stays in the list, apart from the others: not told and not counted.',
    what: 'What',
    ruleHere: '“{rule}” on {target}',
    allOfVm: 'Every rule on {target}',
    allOfServer: 'Every rule on {server} and its machines',
    howLong: 'How long',
    hour: '1 h',
    fourHours: '4 h',
    tomorrow: 'Until tomorrow 8:00',
    forever: 'Until lifted',
    note: 'Note',
    notePlaceholder: 'Why',
    act: 'Silence',
    done: 'Silenced: {target}',
    lift: 'Lift',
    lifted: 'The silence was lifted.',
    everyRule: 'every rule',
    until: 'until {time}',
    untilLifted: 'until lifted'
  },
  lost: {
    title: 'This computer has lost its own network',
    text: 'No server answers since {time}. Nothing is raised for any of them until some answer again.'
  },
  history: {
    label: 'Past alerts',
    level: 'Level',
    anyLevel: 'RED and AMBER',
    onlyRed: 'RED only',
    onlyAmber: 'AMBER only',
    csv: 'CSV',
    csvTip: 'Save what is listed',
    fileName: 'alerts',
    more: 'Load more',
    count: '{count} alert | {count} alerts',
    countMore: '{count} and more',
    none: 'No alert in this time',
    noneText: 'Alerts are kept for a year.',
    noMatch: 'No alert fits the filter',
    lasts: 'still lasts',
    column: {
      level: 'Level',
      raised: 'Raised',
      target: 'Server or machine',
      what: 'What',
      sentence: 'In words',
      lasted: 'Lasted',
      ended: 'Ended',
      note: 'Note'
    },
    ended: {
      recovered: 'recovered',
      targetGone: 'it is gone',
      ruleChanged: 'rule changed',
      expectedOff: 'switched off'
    },
    noNote: 'Nobody acknowledged it.',
    still: 'It still lasts.'
  }
}
