/** Configuration files of the engine in memory: one file, whose plan has something of every kind. */
import {
  type configurationFileContract,
  type ImportChoice,
  type ImportPlan,
  type PlanEntry,
  type PlanSection
} from '#contract/configuration-file.ts'
import type { Handlers } from '#contract/define.ts'
import { AppError } from '#contract/errors.ts'

/** Any other text is refused: as cut off when it begins like one, else as foreign. */
export const PLAYED_FILE = '{"format":"virthelm-configuration"}'
export const PLAYED_PASSPHRASE = 'correct horse battery'

const entry = (name: string, kind: PlanEntry['kind'], rest: Partial<PlanEntry> = {}): PlanEntry => ({
  key: name,
  name,
  preset: null,
  kind,
  cautions: [],
  changes: [],
  ...rest
})

function planOf({ mode, sections, acceptedKeys }: ImportChoice, isUnlocked: boolean): ImportPlan {
  const all: PlanSection[] = [
    {
      section: 'servers',
      counts: { new: 1, changed: 1, onlyHere: 2, same: 4 },
      entries: [
        entry('kestrel', 'new'),
        entry('heron', 'changed', {
          cautions: ['lookOnlyLifted', 'addressChanged'],
          changes: [
            { path: 'lookOnly', from: 'true', to: 'false' },
            { path: 'connection.host', from: '10.0.0.4', to: '10.0.0.5' },
            { path: 'options.ports.everyHours', from: '0', to: '24' }
          ]
        }),
        entry('osprey', 'onlyHere'),
        entry('merlin', 'onlyHere')
      ]
    },
    {
      section: 'hostKeys',
      counts: { conflict: 1 },
      entries: [
        entry('heron.example:22', 'conflict', {
          changes: [{ path: 'key', from: 'ssh-ed25519 SHA256:old', to: 'ssh-ed25519 SHA256:new' }]
        })
      ]
    },
    { section: 'settings', counts: { same: 1 }, entries: [] },
    {
      section: 'layout',
      counts: { changed: 1 },
      entries: [
        { ...entry('layout', 'changed'), name: '', changes: [{ path: 'tree', from: null, to: 'hidden' }] }
      ]
    }
  ]
  if (isUnlocked) all.push({ section: 'secrets', counts: { new: 3 }, entries: [] })
  const removals = mode === 'replace' && sections.includes('servers') ? 2 : 0
  return {
    digest: `${mode} ${sections.join()} ${acceptedKeys.join()}`.slice(0, 64),
    sections: all,
    removals,
    changesAnything: sections.length > 0
  }
}

export interface FakeConfigurationFile {
  readonly applied: (ImportChoice & { typedCount: string })[]
  readonly exported: (string | null)[]
  /** true when absent. */
  readonly exportsSecrets?: boolean
}

export function fakeConfigurationFile(
  seen: FakeConfigurationFile = { applied: [], exported: [] }
): Handlers<typeof configurationFileContract> {
  let isUnlocked = false
  return {
    'configurationFile.contents': async () => ({
      counts: { servers: 9, hostKeys: 8, rules: 21, quiet: 1, channels: 3, engines: 0, secrets: 5 },
      openAddresses: 1,
      exportsSecrets: seen.exportsSecrets ?? true
    }),
    'configurationFile.export': async ({ fileName, passphrase }) => {
      seen.exported.push(passphrase)
      return { path: `/home/operator/${fileName}`, sizeBytes: 20_000, secrets: passphrase === null ? 0 : 5 }
    },
    'configurationFile.check': async ({ text }) => {
      if (text !== PLAYED_FILE) {
        const fault = text.startsWith('{"format"') ? 'cutOff' : 'foreign'
        throw new AppError('configurationFileInvalid', { params: { fault } })
      }
      isUnlocked = false
      return {
        importId: '00000000-0000-4000-8000-00000000f11e',
        summary: {
          madeAtMs: Date.UTC(2026, 10, 19, 21, 40),
          consoleVersion: '0.1.0',
          counts: { servers: 6 },
          hasSecrets: true
        }
      }
    },
    'configurationFile.unlock': async ({ passphrase }) => {
      if (passphrase !== PLAYED_PASSPHRASE) throw new AppError('configurationFilePassphrase')
      isUnlocked = true
      return { secrets: 3 }
    },
    'configurationFile.plan': async (choice) => planOf(choice, isUnlocked),
    'configurationFile.apply': async ({ digest, ...choice }) => {
      if (digest !== planOf(choice, isUnlocked).digest)
        throw new AppError('planChanged', { params: { what: 'configurationFile' } })
      seen.applied.push(choice)
      return {
        copyPath: '/home/operator/.local/share/virthelm/backups/configuration-2026-11-20.json',
        layout: choice.sections.includes('layout') ? { tree: 'hidden' } : null,
        secrets: isUnlocked ? 3 : 0,
        restartNeeded: false
      }
    },
    'configurationFile.drop': async () => null
  }
}
