/** Makes configuration files, and takes them in: checked, unlocked, planned, done. Holds what a window is looking at meanwhile. */
import { createHash, randomUUID } from 'node:crypto'
import type {
  ConfigurationContents,
  ConfigurationFileSummary,
  ImportChoice,
  ImportPlan,
  ImportResult
} from '#contract/configuration-file.ts'
import { AppError } from '#contract/errors.ts'
import type { ServerId } from '#contract/ids.ts'
import type { WindowLayout } from '#contract/window-layout.ts'
import type { Clock } from '../clock.ts'
import type { Log } from '../platform/platform.ts'
import { adoptIds, type Adopted } from './adopt-ids.ts'
import { changeBetween, touchedServers } from './change.ts'
import { countSecrets, type Configuration, type PortableSecrets } from './configuration.ts'
import type { ConfigurationCopies, ConfigurationStore, StoredConfiguration } from './configuration-store.ts'
import { canonical } from './field-changes.ts'
import { fileText, readFileText, type ConfigurationFile } from './file-text.ts'
import { planImport, type PlannedImport } from './plan.ts'
import { presentConfiguration, sorted } from './present.ts'
import { openSecrets, sealSecrets } from './sealed-secrets.ts'
import { gatherSecrets, placedSecrets, settleSecrets, type Vaults } from './secret-places.ts'

/** What the running console has to take up after an import. */
export interface TakenUp {
  /** New ones, and those of which anything is other. */
  readonly servers: ReadonlySet<ServerId>
  /** Servers whose password or passphrase is another, or gone. */
  readonly secrets: ReadonlySet<string>
}

export interface ConfigurationFilesDeps {
  readonly store: ConfigurationStore
  readonly copies: ConfigurationCopies
  readonly vaults: Vaults
  readonly clock: Pick<Clock, 'nowMs'>
  readonly log: Log
  readonly consoleVersion: string
  /** Writes while nothing else writes the same lists, then lets every part read what is stored. Rejects as `write` does. */
  readonly takeUp: (write: () => Promise<void>, what: TakenUp) => Promise<{ readonly restartNeeded: boolean }>
}

interface HeldImport {
  readonly file: ConfigurationFile
  secrets: PortableSecrets | null
}

interface Planned extends PlannedImport {
  readonly plan: ImportPlan
  readonly here: Configuration
  readonly stored: StoredConfiguration
  readonly adopted: Adopted
  /** Those that find their place. */
  readonly secrets: PortableSecrets
}

/** Windows that look at a file at the same time; of more, the oldest is let go. */
const MOST_HELD = 4
const NO_SECRETS: PortableSecrets = { servers: [], channels: [], engines: [], reading: null, wake: [] }

export class ConfigurationFiles {
  readonly #deps: ConfigurationFilesDeps
  readonly #held = new Map<string, HeldImport>()
  #isApplying = false

  constructor(deps: ConfigurationFilesDeps) {
    this.#deps = deps
  }

  async contents(): Promise<Omit<ConfigurationContents, 'exportsSecrets'>> {
    const { configuration } = await presentConfiguration(this.#deps.store)
    const secrets = countSecrets(gatherSecrets(configuration, this.#deps.vaults))
    const isOpen = (kind: string): boolean => kind === 'webhook' || kind === 'ntfy'
    return {
      counts: { ...countsOf(configuration), secrets },
      openAddresses: configuration.channels.filter(({ channel }) => isOpen(channel.target.kind)).length
    }
  }

  /** @param passphrase null = without secrets */
  async text(
    passphrase: string | null,
    layout: WindowLayout | null
  ): Promise<{ readonly text: string; readonly secrets: number }> {
    const { configuration } = await presentConfiguration(this.#deps.store)
    const secrets = passphrase === null ? null : gatherSecrets(configuration, this.#deps.vaults)
    const text = await this.#textOf(
      { ...configuration, layout },
      passphrase === null || secrets === null ? null : (boundTo) => sealSecrets(secrets, passphrase, boundTo)
    )
    return { text, secrets: secrets === null ? 0 : countSecrets(secrets) }
  }

  /** Throws configurationFileInvalid, configurationFileNewer. */
  check(text: string): { readonly importId: string; readonly summary: ConfigurationFileSummary } {
    const file = readFileText(text)
    const importId = randomUUID()
    this.#held.set(importId, { file, secrets: null })
    for (const oldest of [...this.#held.keys()].slice(0, -MOST_HELD)) this.#held.delete(oldest)
    const { madeAtMs, consoleVersion, configuration } = file
    return {
      importId,
      summary: {
        madeAtMs,
        consoleVersion,
        counts: countsOf(configuration),
        hasSecrets: file.secrets !== null
      }
    }
  }

  /** Throws configurationFilePassphrase, notFound. How many secrets there are. */
  async unlock(importId: string, passphrase: string): Promise<number> {
    const held = this.#get(importId)
    const { secrets, boundTo } = held.file
    if (secrets === null) return 0
    held.secrets = await openSecrets(secrets, passphrase, boundTo)
    return countSecrets(held.secrets)
  }

  drop(importId: string): void {
    this.#held.delete(importId)
  }

  /** Throws notFound. */
  async plan(choice: ImportChoice): Promise<ImportPlan> {
    return (await this.#planned(choice)).plan
  }

  /** Throws planChanged, refused {what: typedCount}, notFound, conflict, diskFull; then nothing is changed. */
  async apply(
    choice: ImportChoice & { readonly digest: string; readonly typedCount: string }
  ): Promise<ImportResult> {
    if (this.#isApplying) throw new AppError('conflict', { retryable: true })
    this.#isApplying = true
    try {
      const planned = await this.#planned(choice)
      const { removals, digest } = planned.plan
      if (digest !== choice.digest)
        throw new AppError('planChanged', { params: { what: 'configurationFile' } })
      if (removals > 0 && choice.typedCount.trim() !== String(removals))
        throw new AppError('refused', { params: { what: 'typedCount', count: removals } })
      const result = await this.#write(planned)
      this.drop(choice.importId)
      return { ...result, layout: choice.sections.includes('layout') ? planned.after.layout : null }
    } finally {
      this.#isApplying = false
    }
  }

  async #write({ here, after, stored, secrets, plan }: Planned): Promise<Omit<ImportResult, 'layout'>> {
    const { store, copies, vaults, clock, log, takeUp } = this.#deps
    const copyPath = await copies.write(await this.#textOf(here, null))
    const settling = await settleSecrets(secrets, here, after, vaults)
    const change = changeBetween(here, after, { stored, nowMs: clock.nowMs() })
    const write = async (): Promise<void> => {
      await store.apply({ ...change, blobs: new Map([...change.blobs, ...settling.blobs]) })
      settling.hold()
    }
    const what = { servers: touchedServers(here, after), secrets: settling.servers }
    const { restartNeeded } = await takeUp(write, what)
    const count = countSecrets(secrets)
    log.info('configurationFile.imported', {
      servers: change.servers.length,
      removals: plan.removals,
      secrets: count,
      restartNeeded
    })
    return { copyPath, secrets: count, restartNeeded }
  }

  async #planned(choice: ImportChoice): Promise<Planned> {
    const { file, secrets } = this.#get(choice.importId)
    const { stored, configuration } = await presentConfiguration(this.#deps.store)
    const here: Configuration = { ...configuration, layout: choice.layout }
    const adopted = adoptIds(live(file.configuration, this.#deps.clock.nowMs()), here)
    const sections = new Set(choice.sections)
    const placed = (after: Configuration): PortableSecrets =>
      secrets === null || !sections.has('secrets')
        ? NO_SECRETS
        : placedSecrets(secrets, adopted.configuration, adopted.ids, after)
    const { plan, after } = planImport({
      file: adopted.configuration,
      here,
      mode: choice.mode,
      sections,
      acceptedKeys: new Set(choice.acceptedKeys),
      secretsFor:
        secrets === null
          ? null
          : (next) => countSecrets(placedSecrets(secrets, adopted.configuration, adopted.ids, next))
    })
    const what = [file.boundTo, choice.mode, [...sections].sort(), choice.acceptedKeys.toSorted(), here, plan]
    const digest = createHash('sha256').update(canonical(what)).digest('hex')
    return { plan: { ...plan, digest }, after, here, stored, adopted, secrets: placed(after) }
  }

  #textOf(configuration: Configuration, seal: Parameters<typeof fileText>[1]): Promise<string> {
    const { consoleVersion, clock } = this.#deps
    return fileText({ consoleVersion, madeAtMs: clock.nowMs(), configuration: sorted(configuration) }, seal)
  }

  #get(importId: string): HeldImport {
    const held = this.#held.get(importId)
    if (held === undefined) throw new AppError('notFound', { params: { what: 'configurationFile' } })
    return held
  }
}

/** Silences that are over by now are nobody's choice any more. */
function live(configuration: Configuration, nowMs: number): Configuration {
  const silences = configuration.silences.filter(({ untilAtMs }) => untilAtMs === null || untilAtMs > nowMs)
  return { ...configuration, silences }
}

function countsOf(configuration: Configuration): ConfigurationFileSummary['counts'] {
  const { servers, hostKeys, rules, silences, maintenances, channels, engines, reading, layout } =
    configuration
  return {
    servers: servers.length,
    hostKeys: hostKeys.length,
    settings: 1,
    rules: rules.length,
    quiet: silences.length + maintenances.length,
    channels: channels.length,
    reports: 1,
    engines: engines.length + Number(reading !== null),
    ...(layout !== null && { layout: Object.keys(layout).length })
  }
}
