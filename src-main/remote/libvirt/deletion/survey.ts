/** Reads everything on a server that may use a file: all VMs in all their states, all volumes, and what lies below. */
import { AppError } from '#contract/errors.ts'
import type {
  DiskSource,
  HostSurvey,
  SurveyedDomain,
  SurveyedPool,
  SurveyedVolume
} from '../../../application/deletion/host-survey.ts'
import { type ListedDomain, parseListing, parseUuidLines } from '../../../domain/libvirt/listing.ts'
import { LISTING } from '../machine-catalogue.ts'
import { type BatchAnswer, readAll } from '../virsh-batch.ts'
import type { VirshDeps, VirshOptions } from '../virsh.ts'
import {
  type DomainDocument,
  readCheckpoint,
  readDomain,
  readNames,
  readPool,
  readSnapshot,
  readVolume,
  readVolumePaths
} from './documents.ts'
import { readIdentities, readImages } from './host-files.ts'

export type Ask = (commands: readonly (readonly string[])[]) => Promise<readonly BatchAnswer[]>

/** A pool whose storage does not answer must not hold up the plan of VMs elsewhere. */
const POOL_DEADLINE_MS = 20_000

/** @throws AppError libvirtFailed, protocolViolation, vmChanged (a VM came or went meanwhile), and those of the link */
export async function readSurvey(deps: VirshDeps, options: VirshOptions): Promise<HostSurvey> {
  const ask: Ask = (commands) => readAll(deps, commands, options)
  const sets = await readSets(ask)
  const [domains, { pools, volumes }] = await Promise.all([
    readDomains(ask, sets),
    readStorage(deps, options, ask)
  ])
  const known = new Set(volumes.map(({ path }) => path))
  const strangers = domains.flatMap(({ disks, snapshotDisks }) =>
    [...disks, ...snapshotDisks].filter((disk) => isUnseenImage(disk, known)).map(({ path }) => path ?? '')
  )
  const imagesBelow = await readImages(deps, [...new Set(strangers)], options)
  const paths = new Set([
    ...domains.flatMap(({ mentions }) => [...mentions]),
    ...domains.flatMap(({ disks }) => disks.flatMap(({ chain }) => chain ?? [])),
    ...volumes.flatMap(({ backingPath }) => backingPath ?? []),
    ...[...imagesBelow.values()].flatMap((below) => below ?? [])
  ])
  const identities = await readIdentities(deps, [...paths], options)
  return { domains, pools, volumes, imagesBelow, identities, undefineKnowsTpm: sets.undefineKnowsTpm }
}

/** An image that may lie on another one, and of which neither its pool nor its running VM tells that. */
const isUnseenImage = ({ path, format, chain, device }: DiskSource, known: ReadonlySet<string>): boolean =>
  path !== null && format !== 'raw' && device !== 'cdrom' && chain === null && !known.has(path)

interface Sets {
  readonly listed: readonly ListedDomain[]
  readonly transient: ReadonlySet<string>
  readonly withSnapshot: ReadonlySet<string>
  readonly withCheckpoint: ReadonlySet<string>
  readonly withManagedSave: ReadonlySet<string>
  readonly undefineKnowsTpm: boolean
}

async function readSets(ask: Ask): Promise<Sets> {
  const list = ['list', '--all', '--uuid']
  const [listing, transient, snapshot, checkpoint, save, help] = await ask([
    LISTING.split(' '),
    [...list, '--transient'],
    [...list, '--with-snapshot'],
    [...list, '--with-checkpoint'],
    [...list, '--with-managed-save'],
    ['help', 'undefine']
  ])
  const { domains, sound } = parseListing(outputOf(listing))
  if (!sound) throw new AppError('protocolViolation', { params: { subject: 'list' } })
  return {
    listed: domains,
    transient: parseUuidLines(outputOf(transient)),
    withSnapshot: parseUuidLines(outputOf(snapshot)),
    // libvirt before 5.6 knows no checkpoints.
    withCheckpoint: parseUuidLines(checkpoint?.output ?? ''),
    withManagedSave: parseUuidLines(outputOf(save)),
    undefineKnowsTpm: /--tpm\b/.test(help?.output ?? '')
  }
}

async function readDomains(ask: Ask, sets: Sets): Promise<readonly SurveyedDomain[]> {
  const isSaved = ({ uuid, id }: ListedDomain): boolean => id !== null && !sets.transient.has(uuid)
  const documents = await askPer(ask, sets.listed, (domain) => [
    ['dumpxml', domain.uuid],
    ...(isSaved(domain) ? [['dumpxml', '--inactive', domain.uuid]] : [])
  ])
  const owned = await askPer(ask, sets.listed, ({ uuid }) => [
    ...(sets.withSnapshot.has(uuid) ? [['snapshot-list', uuid, '--name']] : []),
    ...(sets.withCheckpoint.has(uuid) ? [['checkpoint-list', uuid, '--name']] : [])
  ])
  const domains: SurveyedDomain[] = []
  for (const [index, domain] of sets.listed.entries()) {
    const { uuid } = domain
    const texts = (documents[index] ?? []).map((answer) => readDomain(outputOf(answer)))
    const names = (owned[index] ?? []).map((answer) => readNames(outputOf(answer)))
    const snapshots = sets.withSnapshot.has(uuid) ? (names.shift() ?? []) : []
    const checkpoints = sets.withCheckpoint.has(uuid) ? (names.shift() ?? []) : []
    const history = await readHistory(ask, uuid, snapshots, checkpoints)
    domains.push(domainOf(domain, texts, { sets, snapshots, checkpoints, history }))
  }
  return domains
}

interface DomainParts {
  readonly sets: Sets
  readonly snapshots: readonly string[]
  readonly checkpoints: readonly string[]
  readonly history: Awaited<ReturnType<typeof readHistory>>
}

/** virsh takes a UUID that is gone for a name: every document has to say whose it is. */
function domainOf(
  { uuid, name, id }: ListedDomain,
  documents: readonly DomainDocument[],
  { sets, snapshots, checkpoints, history }: DomainParts
): SurveyedDomain {
  const [first] = documents
  if (first === undefined || documents.some((document) => document.uuid !== uuid))
    throw new AppError('vmChanged', { params: { seenName: name }, retryable: true })
  return {
    uuid: first.uuid,
    name,
    active: id !== null,
    persistent: !sets.transient.has(uuid),
    isProtected: documents.some(({ isProtected }) => isProtected),
    managedSave: sets.withManagedSave.has(uuid),
    snapshots,
    checkpoints,
    nvram: documents.find(({ nvram }) => nvram !== null)?.nvram ?? null,
    hasTpm: documents.some(({ hasTpm }) => hasTpm),
    disks: documents.flatMap(({ disks }) => disks),
    snapshotDisks: history.disks,
    mentions: new Set([...documents.flatMap(({ mentions }) => [...mentions]), ...history.mentions])
  }
}

async function readHistory(
  ask: Ask,
  uuid: string,
  snapshots: readonly string[],
  checkpoints: readonly string[]
): Promise<{ disks: readonly DiskSource[]; mentions: readonly string[] }> {
  const answers = await ask([
    ...snapshots.map((name) => ['snapshot-dumpxml', uuid, '--snapshotname', name]),
    ...checkpoints.map((name) => ['checkpoint-dumpxml', uuid, '--checkpointname', name])
  ])
  const read = answers.slice(0, snapshots.length).map((answer) => readSnapshot(outputOf(answer)))
  const points = answers.slice(snapshots.length).map((answer) => readCheckpoint(outputOf(answer)))
  return {
    disks: read.flatMap(({ disks }) => disks),
    mentions: [...read, ...points].flatMap(({ mentions }) => [...mentions])
  }
}

async function askPer<T>(
  ask: Ask,
  items: readonly T[],
  commandsOf: (item: T) => readonly (readonly string[])[]
): Promise<BatchAnswer[][]> {
  const commands = items.map(commandsOf)
  const answers = [...(await ask(commands.flat()))]
  return commands.map(({ length }) => answers.splice(0, length))
}

async function readStorage(
  deps: VirshDeps,
  options: VirshOptions,
  ask: Ask
): Promise<{ pools: readonly SurveyedPool[]; volumes: readonly SurveyedVolume[] }> {
  const [all, active] = await ask([
    ['pool-list', '--all', '--name'],
    ['pool-list', '--name']
  ])
  const names = readNames(outputOf(all))
  const running = new Set(readNames(outputOf(active)))
  const documents = await ask(names.map((name) => ['pool-dumpxml', '--pool', name]))
  const read = await Promise.all(
    names.map(async (name, index) => {
      const pool = readPool(outputOf(documents[index]))
      const volumes = running.has(name) ? await readVolumes(deps, name, options) : null
      return { pool: { ...pool, readable: volumes !== null }, volumes: volumes ?? [] }
    })
  )
  return { pools: read.map(({ pool }) => pool), volumes: read.flatMap(({ volumes }) => volumes) }
}

/** null: the pool does not answer, or has a volume that cannot be read. */
async function readVolumes(
  deps: VirshDeps,
  pool: string,
  options: VirshOptions
): Promise<readonly SurveyedVolume[] | null> {
  const bounded = { ...options, deadlineMs: Math.min(POOL_DEADLINE_MS, options.deadlineMs) }
  const ask: Ask = (commands) => readAll(deps, commands, bounded)
  try {
    const [list] = await ask([['vol-list', '--pool', pool]])
    const paths = readVolumePaths(outputOf(list))
    const answers = await ask(paths.map((path) => ['vol-dumpxml', '--pool', pool, '--vol', path]))
    return answers.map((answer) => readVolume(outputOf(answer), pool))
  } catch (error) {
    const isOfPool =
      error instanceof AppError &&
      ['deadlineExceeded', 'libvirtFailed', 'protocolViolation'].includes(error.code)
    if (isOfPool && !options.signal.aborted) return null
    throw error
  }
}

/** Who cannot read everything must not delete: one failure ends the survey. */
function outputOf(answer: BatchAnswer | undefined): string {
  if (answer === undefined || answer.error !== '')
    throw new AppError('libvirtFailed', { params: { stderr: answer?.error ?? '' }, retryable: true })
  return answer.output
}
