/** The form of a server: what is typed, and the draft it makes. Pure. */
import { ServerDraft, ServerSecrets, type ConnectionSettings, type ServerRecord } from '#contract/servers.ts'
import { addressText, parseAddress } from './address.ts'

export interface ServerForm {
  /** `user@host:port` as typed. */
  address: string
  user: string
  port: number | null
  name: string
  location: string
  /** Separated by commas or spaces. */
  tags: string
  note: string
  /** One `user@host:port` per line, nearest first. */
  jumps: string
  useAgent: boolean
  /** One path per line. */
  keyFiles: string
  usePassword: boolean
  password: string
  passphrase: string
  remember: boolean
  /** null = the console's default. */
  intervalSec: number | null
  lookOnly: boolean
  useSudo: boolean
  collecting: boolean
}

export type FormField = keyof ServerForm
export type FormErrors = Partial<Record<FormField, string>>

export const emptyForm = (): ServerForm => ({
  address: '',
  user: 'root',
  port: 22,
  name: '',
  location: '',
  tags: '',
  note: '',
  jumps: '',
  useAgent: true,
  keyFiles: '',
  usePassword: false,
  password: '',
  passphrase: '',
  remember: false,
  intervalSec: null,
  lookOnly: false,
  useSudo: false,
  collecting: true
})

const connectionFields = (connection: ConnectionSettings) => ({
  address: connection.host,
  user: connection.user,
  port: connection.port,
  jumps: connection.jumps.map((hop) => addressText(hop.user, hop.host, hop.port)).join('\n'),
  useAgent: connection.useAgent,
  keyFiles: connection.keyFiles.join('\n'),
  usePassword: connection.usePassword
})

export const formOf = (record: ServerRecord): ServerForm => ({
  ...emptyForm(),
  ...connectionFields(record.connection),
  name: record.name,
  location: record.location,
  tags: record.tags.join(', '),
  note: record.note,
  intervalSec: record.intervalMs === null ? null : record.intervalMs / 1_000,
  lookOnly: record.lookOnly,
  useSudo: record.useSudo,
  collecting: record.collecting
})

/** Takes over a host of ~/.ssh/config; what is no part of a connection stays as typed. */
export const withConnection = (
  form: ServerForm,
  alias: string,
  connection: ConnectionSettings
): ServerForm => ({
  ...form,
  ...connectionFields(connection),
  name: form.name === '' ? alias : form.name
})

export const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')

/** Words between commas and spaces, each once. */
export const tagsOf = (text: string): string[] => [
  ...new Set(text.split(/[\s,]+/).filter((tag) => tag !== ''))
]

export type DraftResult =
  | { readonly ok: true; readonly draft: ServerDraft; readonly secrets: ServerSecrets | undefined }
  | { readonly ok: false; readonly fields: ReadonlySet<FormField> }

/** Where a problem of the draft belongs in the form. */
const FIELD_OF: Record<string, FormField> = {
  name: 'name',
  location: 'location',
  tags: 'tags',
  note: 'note',
  intervalMs: 'intervalSec',
  host: 'address',
  port: 'port',
  user: 'user',
  keyFiles: 'keyFiles',
  jumps: 'jumps'
}

/** The draft as the contract wants it, or the fields that keep it from being one. `canKeep`: secrets can be kept at all. */
export function draftOf(form: ServerForm, canKeep: boolean): DraftResult {
  const wrong = new Set<FormField>()
  const jumps = linesOf(form.jumps).map((line) => {
    const hop = parseAddress(line)
    if (hop === null) wrong.add('jumps')
    return { host: hop?.host ?? '', port: hop?.port ?? 22, user: hop?.user ?? form.user }
  })
  const parsed = ServerDraft.safeParse({
    name: form.name,
    location: form.location,
    tags: tagsOf(form.tags),
    note: form.note,
    lookOnly: form.lookOnly,
    useSudo: form.useSudo,
    collecting: form.collecting,
    intervalMs: form.intervalSec === null ? null : Math.round(form.intervalSec * 1_000),
    connection: {
      host: parseAddress(form.address)?.host ?? '',
      port: form.port,
      user: form.user,
      useAgent: form.useAgent,
      keyFiles: linesOf(form.keyFiles),
      usePassword: form.usePassword,
      jumps
    }
  })
  if (!parsed.success)
    for (const issue of parsed.error.issues)
      for (const step of issue.path) {
        const field = FIELD_OF[String(step)]
        if (field === undefined) continue
        wrong.add(field)
        break
      }
  // Nothing to log in with cannot work; the password box is where the way out is.
  if (!form.useAgent && linesOf(form.keyFiles).length === 0 && !form.usePassword) wrong.add('useAgent')
  if (!parsed.success || wrong.size > 0) return { ok: false, fields: wrong }
  return { ok: true, draft: parsed.data, secrets: secretsOf(form, canKeep) }
}

function secretsOf(form: ServerForm, canKeep: boolean): ServerSecrets | undefined {
  const password = form.usePassword && form.password !== '' ? form.password : undefined
  const passphrase = form.passphrase !== '' ? form.passphrase : undefined
  if (password === undefined && passphrase === undefined) return undefined
  return ServerSecrets.parse({
    ...(password === undefined ? {} : { password }),
    ...(passphrase === undefined ? {} : { passphrase }),
    remember: canKeep && form.remember
  })
}
