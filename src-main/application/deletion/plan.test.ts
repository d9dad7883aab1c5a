import { describe, expect, it } from 'vitest'
import { VmUuid } from '#contract/ids.ts'
import type { DiskSource, HostSurvey, SurveyedDomain, SurveyedVolume } from './host-survey.ts'
import { differenceFrom, planDeletion } from './plan.ts'

const uuidOf = (digit: number): VmUuid => VmUuid.parse(`00000000-0000-4000-8000-00000000000${digit}`)
const FOLDER = '/images'

const diskAt = (path: string, change: Partial<DiskSource> = {}): DiskSource => ({
  device: 'disk',
  kind: 'file',
  path,
  volume: null,
  text: path,
  format: 'qcow2',
  readOnly: false,
  shareable: false,
  chain: null,
  ...change
})
const domain = (
  digit: number,
  disks: readonly DiskSource[],
  change: Partial<SurveyedDomain> = {}
): SurveyedDomain => ({
  uuid: uuidOf(digit),
  name: `vm${digit}`,
  active: false,
  persistent: true,
  isProtected: false,
  managedSave: false,
  snapshots: [],
  checkpoints: [],
  nvram: null,
  hasTpm: false,
  disks,
  snapshotDisks: [],
  mentions: new Set(disks.flatMap(({ path }) => path ?? [])),
  ...change
})
const volume = (name: string, backing: string | null = null): SurveyedVolume => ({
  pool: 'default',
  name,
  path: `${FOLDER}/${name}`,
  type: 'file',
  format: 'qcow2',
  capacityBytes: 10,
  allocationBytes: 5,
  backingPath: backing
})
const surveyOf = (
  domains: readonly SurveyedDomain[],
  volumes: readonly SurveyedVolume[],
  change: Partial<HostSurvey> = {}
): HostSurvey => ({
  domains,
  volumes,
  pools: [{ name: 'default', type: 'dir', targetPath: FOLDER, readable: true }],
  imagesBelow: new Map(),
  identities: new Map(),
  undefineKnowsTpm: true,
  ...change
})
const commandOf = (step: object): string => JSON.stringify(step)
const plan = (survey: HostSurvey) => planDeletion(survey, uuidOf(1), 'vm1', commandOf)
const locksOf = (survey: HostSurvey) =>
  plan(survey).view.files.map(({ path, lock, users }) => [path, lock, users])

describe('the plan of a deletion', () => {
  it('locks the file that another VM reaches by another path, when the server says that they are one', () => {
    const survey = surveyOf(
      [domain(1, [diskAt('/images/a')]), domain(2, [diskAt('/link/a', { format: 'raw' })])],
      [volume('a')],
      {
        identities: new Map([
          ['/images/a', '8:1'],
          ['/link/a', '8:1']
        ])
      }
    )
    expect(locksOf(survey)).toEqual([['/images/a', 'shared', ['vm2']]])
  })

  it('does not take dots and double slashes for another file', () => {
    const survey = surveyOf(
      [domain(1, [diskAt('/images/a')]), domain(2, [diskAt('/images//x/../a', { format: 'raw' })])],
      [volume('a')]
    )
    expect(locksOf(survey)).toEqual([['/images/a', 'shared', ['vm2']]])
  })

  it('locks every file while it cannot be seen what the image of another VM is based on', () => {
    const other = domain(2, [diskAt('/elsewhere/b.qcow2')])
    const survey = surveyOf([domain(1, [diskAt('/images/a')]), other], [volume('a')])
    expect(locksOf(survey)).toEqual([['/images/a', 'chainUnknown', ['vm2']]])
    const seen = surveyOf([domain(1, [diskAt('/images/a')]), other], [volume('a')], {
      imagesBelow: new Map([['/elsewhere/b.qcow2', '/images/a']])
    })
    expect(locksOf(seen)).toEqual([['/images/a', 'backing', ['vm2']]])
  })

  it('locks what lies two levels below another VM, and what only a snapshot of it names', () => {
    const survey = surveyOf(
      [
        domain(1, [diskAt('/images/base'), diskAt('/images/old')]),
        domain(2, [diskAt('/images/top')], { mentions: new Set(['/images/top', '/images/old']) })
      ],
      [volume('base'), volume('middle', '/images/base'), volume('top', '/images/middle'), volume('old')]
    )
    expect(locksOf(survey)).toEqual([
      ['/images/base', 'backing', ['vm2']],
      ['/images/old', 'shared', ['vm2']]
    ])
  })

  it('lets the own chain go from the top only, and ends in a loop of images', () => {
    const survey = surveyOf(
      [domain(1, [diskAt('/images/top')])],
      [volume('top', '/images/base'), volume('base', '/images/top')]
    )
    const { files } = plan(survey).view
    expect(files.map(({ path, kind, neededBy }) => [path, kind, neededBy])).toEqual([
      ['/images/top', 'disk', [1]],
      ['/images/base', 'backing', [0]]
    ])
  })

  it('keeps the NVRAM file that another VM has too, and removes TPM state only where virsh knows how', () => {
    const mine = domain(1, [], { nvram: '/nv/one', hasTpm: true })
    const alone = plan(surveyOf([mine], []))
    expect(alone.undefine.flags.slice(-2)).toEqual(['--nvram', '--tpm'])
    const both = surveyOf([mine, domain(2, [], { mentions: new Set(['/nv/one']) })], [], {
      undefineKnowsTpm: false
    })
    expect(plan(both).undefine.flags.at(-1)).toBe('--keep-nvram')
    expect(plan(both).view.nvram).toEqual({ path: '/nv/one', kept: true })
  })

  it('holds over a force off that takes away what was only plugged in, and not over anything else', () => {
    const volumes = [volume('a'), volume('plugged')]
    const running = domain(
      1,
      [diskAt('/images/a', { chain: [] }), diskAt('/images/plugged', { chain: [] })],
      { active: true }
    )
    const before = plan(surveyOf([running], volumes))
    const off = domain(1, [diskAt('/images/a')])
    const difference = (survey: HostSurvey) => differenceFrom(before, survey, commandOf)
    expect(difference(surveyOf([off], volumes))).toBeNull()
    expect(difference(surveyOf([off, domain(2, [diskAt('/images/plugged')])], volumes))).toBe('files')
    expect(difference(surveyOf([off], [volume('a')]))).toBe('files')
    expect(difference(surveyOf([domain(1, [diskAt('/images/b')])], volumes))).toBe('files')
    expect(difference(surveyOf([{ ...off, snapshots: ['s'] }], volumes))).toBe('machine')
    expect(difference(surveyOf([{ ...off, isProtected: true }], volumes))).toBe('protected')
  })
})
