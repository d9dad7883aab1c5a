/** The file itself: written so that it can be read and compared by eye, read as if it came from an enemy. */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { MAX_CONFIGURATION_FILE_BYTES } from '#contract/configuration-file.ts'
import { AppError } from '#contract/errors.ts'
import { Configuration } from './configuration.ts'
import { impossibleIn } from './possible.ts'
import { SealedSecrets } from './sealed-secrets.ts'
import { withNames } from './with-names.ts'

export const FORMAT = 'virthelm-configuration'
/** Raised with each field that a console of before would lose without a word. */
export const FORMAT_VERSION = 1

const Head = z.object({ format: z.literal(FORMAT), formatVersion: z.int().positive() })
const File = Head.extend({
  consoleVersion: z.string().max(40),
  madeAt: z.iso.datetime(),
  checksum: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  configuration: Configuration,
  secrets: SealedSecrets.nullable()
})

export interface ConfigurationFile {
  readonly consoleVersion: string
  readonly madeAtMs: number
  readonly configuration: Configuration
  readonly secrets: SealedSecrets | null
  /** Of everything in it but the secrets: what the passphrase vouches for. */
  readonly boundTo: string
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/**
 * All but the checksum and the secrets, as the text that the secrets are bound to: changed by a hair, and they do not open any
 * more. A password must not go where somebody else has pointed a server.
 */
export function boundText(head: { consoleVersion: string; madeAt: string; configuration: unknown }): string {
  const { consoleVersion, madeAt, configuration } = head
  return sha256(JSON.stringify([FORMAT, FORMAT_VERSION, consoleVersion, madeAt, configuration]))
}

/** @param seal seals secrets, bound to the text it is given; null = there are none in it */
export async function fileText(
  given: {
    readonly consoleVersion: string
    readonly madeAtMs: number
    readonly configuration: Configuration
  },
  seal: ((boundTo: string) => Promise<SealedSecrets>) | null
): Promise<string> {
  const head = {
    format: FORMAT,
    formatVersion: FORMAT_VERSION,
    consoleVersion: given.consoleVersion,
    madeAt: new Date(given.madeAtMs).toISOString()
  }
  // Through JSON once, so that what is hashed is what will be read.
  const configuration: unknown = JSON.parse(JSON.stringify(withNames(given.configuration)))
  const secrets = seal === null ? null : await seal(boundText({ ...head, configuration }))
  const checksum = checksumOf({ ...head, configuration, secrets })
  return `${JSON.stringify({ ...head, checksum, configuration, secrets }, null, 2)}\n`
}

/**
 * Throws configurationFileInvalid {fault}: tooLarge, foreign (no file of this kind), cutOff, changed (the checksum does not
 * fit), notUnderstood (it cannot be, though its checksum fits), duplicate; and configurationFileNewer.
 */
export function readFileText(text: string): ConfigurationFile {
  if (text.length > MAX_CONFIGURATION_FILE_BYTES || Buffer.byteLength(text) > MAX_CONFIGURATION_FILE_BYTES)
    throw invalid('tooLarge')
  const raw = parsedObject(text)
  const head = Head.safeParse(raw)
  if (!head.success) throw invalid('foreign')
  const { formatVersion } = head.data
  if (formatVersion > FORMAT_VERSION) {
    throw new AppError('configurationFileNewer', {
      params: { fileVersion: formatVersion, knownVersion: FORMAT_VERSION }
    })
  }
  if (raw['checksum'] !== checksumOf(raw)) throw invalid('changed')
  const file = File.safeParse(raw)
  if (!file.success) throw invalid('notUnderstood', { part: partOf(file.error) })
  const { consoleVersion, madeAt, configuration, secrets } = file.data
  const problem = impossibleIn(configuration)
  if (problem !== null) throw invalid(problem.reason, { part: problem.part })
  return {
    consoleVersion,
    madeAtMs: Date.parse(madeAt),
    configuration,
    secrets,
    boundTo: boundText({ consoleVersion, madeAt, configuration: raw['configuration'] })
  }
}

/** Of the values, in the order in which they stand: how they are spaced does not matter, everything else does. */
function checksumOf(file: Readonly<Record<string, unknown>>): string {
  const { checksum: _, ...rest } = file
  return `sha256:${sha256(JSON.stringify(rest))}`
}

function parsedObject(text: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
    // Nested beyond reason, it could not be written again either.
    JSON.stringify(value)
  } catch (cause) {
    throw invalid(text.slice(0, 200).includes(`"${FORMAT}"`) ? 'cutOff' : 'foreign', {}, cause)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid('foreign')
  return value as Record<string, unknown>
}

type InvalidReason = 'tooLarge' | 'foreign' | 'cutOff' | 'changed' | 'notUnderstood' | 'duplicate'

function invalid(reason: InvalidReason, params: Record<string, string> = {}, cause?: unknown): AppError {
  return new AppError('configurationFileInvalid', { params: { fault: reason, ...params }, cause })
}

const partOf = ({ issues }: z.ZodError): string => (issues[0]?.path ?? []).join('.').slice(0, 300)
