/** What the looks mean: one check each, ok, warn or fail. Pure; the words and the fixes are the window's. */
import type { MigrationCheck } from '#contract/migration.ts'
import { fail, ok, warn } from './check.ts'
import type { CpuLook, Looks } from './gather.ts'
import { diskChecks } from './disk-checks.ts'

/** What the console itself knows of the VM. */
export interface ConsoleFacts {
  readonly isHung: boolean
}

export function judge(looks: Looks, known: ConsoleFacts): MigrationCheck[] {
  return [
    identity(looks),
    versions(looks),
    ...stateChecks(looks, known),
    ...nameChecks(looks),
    ...hardwareChecks(looks),
    ...networkChecks(looks),
    ...diskChecks(looks),
    ...stateOnDisk(looks),
    route(looks)
  ]
}

function identity({ source, target }: Looks): MigrationCheck {
  const { hostUuid } = source.capabilities
  return hostUuid !== null && hostUuid === target.capabilities.hostUuid
    ? fail('otherServer', 'same', { uuid: hostUuid })
    : ok('otherServer')
}

function versions({ source, target }: Looks): MigrationCheck {
  const params = {
    source: `libvirt ${source.libvirtVersion ?? '?'}, ${source.hypervisorVersion ?? 'QEMU ?'}`,
    target: `libvirt ${target.libvirtVersion ?? '?'}, ${target.hypervisorVersion ?? 'QEMU ?'}`
  }
  const isOlder =
    compareVersions(target.libvirtVersion, source.libvirtVersion) < 0 ||
    compareVersions(target.hypervisorVersion, source.hypervisorVersion) < 0
  return isOlder ? warn('versions', 'targetOlder', params) : ok('versions', 'ok', params)
}

/** Unknown ones are not said to be older. */
export function compareVersions(left: string | null, right: string | null): number {
  if (left === null || right === null) return 0
  const [one, other] = [left, right].map((text) => (text.match(/\d+/g) ?? []).map(Number))
  for (let index = 0; index < 3; index++) {
    const difference = (one?.[index] ?? 0) - (other?.[index] ?? 0)
    if (difference !== 0) return Math.sign(difference)
  }
  return 0
}

function stateChecks({ choice, domain }: Looks, known: ConsoleFacts): MigrationCheck[] {
  const { state } = domain
  const runs = state === 'running' || state === 'blocked'
  const isOff = state === 'shutOff' || state === 'crashed'
  const fits = choice.way === 'live' ? runs : isOff
  const wrong = choice.way === 'live' ? 'notRunning' : 'notOff'
  return [
    choice.kind === 'copy' && choice.way === 'live'
      ? fail('state', 'copyIsCold', { state })
      : fits
        ? ok('state', choice.way, { state })
        : fail('state', wrong, { state }),
    known.isHung ? fail('responding', 'hung') : ok('responding'),
    domain.persistent ? ok('persistent') : fail('persistent', 'transient'),
    choice.kind === 'move' && domain.facts.isProtected ? fail('protected', 'protected') : ok('protected')
  ]
}

export const targetNameOf = ({ choice, domain }: Looks): string => choice.newName ?? domain.facts.name

function nameChecks(looks: Looks): MigrationCheck[] {
  const { choice, target, domain } = looks
  const name = targetNameOf(looks)
  const isNameTaken = target.domains.some((other) => other.name === name)
  const isUuidTaken =
    choice.kind === 'move' && target.domains.some((other) => other.uuid === domain.facts.uuid)
  return [
    choice.kind === 'move' && choice.newName !== null
      ? fail('nameFree', 'moveKeepsName', { name })
      : isNameTaken
        ? fail('nameFree', 'taken', { name })
        : ok('nameFree', 'ok', { name }),
    isUuidTaken ? fail('uuidFree', 'taken', { uuid: domain.facts.uuid }) : ok('uuidFree')
  ]
}

function hardwareChecks({ choice, target, domain, cpu }: Looks): MigrationCheck[] {
  const { facts } = domain
  const guests = target.capabilities.guests.filter((one) => one.architecture === facts.architecture)
  const hasType = guests.some((guest) => guest.virtTypes.includes(facts.virtType))
  const hasMachine = guests.some((guest) => guest.machineTypes.includes(facts.machineType))
  const type = { type: facts.virtType, architecture: facts.architecture }
  const needed = facts.memoryBytes
  const free = target.freeMemoryBytes
  return [
    hasType
      ? ok('virtualization', 'ok', type)
      : fail('virtualization', facts.virtType === 'kvm' ? 'noKvm' : 'none', type),
    hasMachine
      ? ok('machineType', 'ok', { machine: facts.machineType })
      : fail('machineType', 'missing', { machine: facts.machineType }),
    cpuCheck(cpu, choice.way),
    free !== null && free < needed
      ? warn('memory', 'low', { freeBytes: free, neededBytes: needed })
      : ok('memory', 'ok', { freeBytes: free ?? 0, neededBytes: needed }),
    facts.hostDevices > 0 ? fail('devices', 'hostDevices', { count: facts.hostDevices }) : ok('devices'),
    ...(facts.sharedFolders === 0
      ? []
      : [
          choice.way === 'live'
            ? fail('devices', 'sharedFolders', { count: facts.sharedFolders })
            : warn('devices', 'sharedFoldersThere', { count: facts.sharedFolders })
        ])
  ]
}

function cpuCheck(cpu: CpuLook, way: 'live' | 'cold'): MigrationCheck {
  if (cpu.kind === 'none' || cpu.fits) return ok('cpu')
  const params = { words: cpu.words }
  if (!/incompatible|does not (?:match|provide)/i.test(cpu.words)) return warn('cpu', 'notCompared', params)
  // What is off takes the new host's CPU at its next start, when it is the host's own.
  return cpu.kind === 'host' && way === 'cold'
    ? warn('cpu', 'otherHost', params)
    : fail('cpu', cpu.kind === 'host' ? 'otherHostLive' : 'missing', params)
}

export const networkKey = ({ kind, name }: { kind: string; name: string | null }): string =>
  `${kind}:${name ?? ''}`

function networkChecks({ choice, target, domain }: Looks): MigrationCheck[] {
  const checks = new Map<string, MigrationCheck>()
  for (const network of domain.facts.networks) {
    const key = networkKey(network)
    if (network.kind === 'other' || network.name === null) {
      checks.set(key, warn('networks', 'otherKind', { kind: network.name ?? network.kind }))
      continue
    }
    const to = choice.networks[key] ?? { kind: network.kind, name: network.name }
    const there = to.kind === 'network' ? target.networks : target.bridges
    checks.set(
      key,
      there.includes(to.name)
        ? ok('networks', to.kind, { name: to.name })
        : fail('networks', to.kind === 'network' ? 'noNetwork' : 'noBridge', { name: to.name })
    )
  }
  return checks.size === 0 ? [ok('networks', 'none')] : [...checks.values()]
}

function stateOnDisk({ choice, domain }: Looks): MigrationCheck[] {
  const { facts } = domain
  const firmware =
    facts.nvram === null && !facts.hasTpmState
      ? ok('firmwareState')
      : choice.way === 'live'
        ? ok('firmwareState', 'travels')
        : fail('firmwareState', facts.hasTpmState ? 'tpm' : 'nvram', { path: facts.nvram ?? '' })
  return [
    domain.snapshots > 0
      ? fail('snapshots', 'snapshots', { count: domain.snapshots })
      : domain.checkpoints > 0
        ? fail('snapshots', 'checkpoints', { count: domain.checkpoints })
        : ok('snapshots'),
    domain.hasManagedSave ? fail('managedSave', 'saved') : ok('managedSave'),
    firmware
  ]
}

/** ssh's and libvirt's words for what is missing on the way from server to server. */
const DIRECT_WORDS: readonly (readonly [string, RegExp])[] = [
  ['directHostKey', /host key verification failed/i],
  ['directLogin', /permission denied \(|too many authentication/i],
  ['directName', /could not resolve|name or service|no address associated/i],
  ['directConnect', /connection refused|no route|timed out|unreachable/i],
  ['directTool', /not found|no such file/i],
  ['directLibvirt', /permission denied|authentication|polkit|access denied/i]
]

function route({ choice, direct, source }: Looks): MigrationCheck {
  if (choice.way === 'cold' || direct === null) return ok('route', choice.way === 'cold' ? 'cold' : 'console')
  const params = { user: source.user, words: direct.words }
  if (direct.works) return ok('route', 'direct', params)
  const known = DIRECT_WORDS.find(([, words]) => words.test(direct.words))
  return fail('route', known?.[0] ?? 'directOther', params)
}
