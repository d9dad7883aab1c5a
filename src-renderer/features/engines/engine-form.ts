/** The forms of an engine and of the one that is read from: what is typed, and what the contract makes of it. Pure. */
import {
  EngineSettings,
  MAX_QUEUE_BYTES,
  MIN_QUEUE_BYTES,
  ReadingSettings,
  type EngineLogin,
  type EngineTarget
} from '#contract/engines.ts'

export interface EngineForm {
  name: string
  kind: EngineTarget['kind']
  url: string
  database: string
  org: string
  bucket: string
  login: EngineLogin['kind']
  user: string
  /** '' = the one that is held. */
  secret: string
  queueMib: number | null
  enabled: boolean
}

export interface ReadingForm {
  url: string
  login: EngineLogin['kind']
  user: string
  secret: string
  fromAgeDays: string
  enabled: boolean
}

const MIB = 1024 ** 2
const DAY_MS = 86_400_000
export const QUEUE_MIB = { min: MIN_QUEUE_BYTES / MIB, max: MAX_QUEUE_BYTES / MIB }
export const AGE_DAYS = ['1', '7', '30', '90'] as const

export function engineForm(settings: EngineSettings | null): EngineForm {
  const target = settings?.target
  const login = target?.kind === 'remoteWrite' ? target.login : undefined
  return {
    name: settings?.name ?? '',
    kind: target?.kind ?? 'remoteWrite',
    url: target?.url ?? '',
    database: target?.kind === 'influx1' ? target.database : 'virthelm',
    org: target?.kind === 'influx2' ? target.org : '',
    bucket: target?.kind === 'influx2' ? target.bucket : 'virthelm',
    login: login?.kind ?? 'none',
    user: target?.kind === 'influx1' ? target.user : login?.kind === 'basic' ? login.user : '',
    secret: '',
    queueMib: (settings?.queueLimitBytes ?? 256 * MIB) / MIB,
    enabled: settings?.enabled ?? true
  }
}

export function readingForm(settings: ReadingSettings | null): ReadingForm {
  return {
    url: settings?.url ?? '',
    login: settings?.login.kind ?? 'none',
    user: settings?.login.kind === 'basic' ? settings.login.user : '',
    secret: '',
    fromAgeDays: String(Math.round((settings?.fromAgeMs ?? 7 * DAY_MS) / DAY_MS)),
    enabled: settings?.enabled ?? true
  }
}

/** Which secret goes with it, if any. */
export function secretKind(form: {
  readonly kind?: EngineTarget['kind']
  readonly login: EngineLogin['kind']
  readonly user: string
}): 'none' | 'password' | 'token' {
  if (form.kind === 'influx2') return 'token'
  if (form.kind === 'influx1') return form.user.trim() === '' ? 'none' : 'password'
  return form.login === 'basic' ? 'password' : form.login === 'bearer' ? 'token' : 'none'
}

const originOf = (text: string): string => (URL.canParse(text.trim()) ? new URL(text.trim()).origin : '')
/** A held secret is good for one origin only. */
export const sameOrigin = (a: string, b: string): boolean => originOf(a) !== '' && originOf(a) === originOf(b)

/** True where a login would cross a network as plain text. */
export function isPlainLogin(url: string, secret: ReturnType<typeof secretKind>): boolean {
  if (secret === 'none' || !URL.canParse(url.trim())) return false
  const { protocol, hostname } = new URL(url.trim())
  return protocol === 'http:' && !/^(localhost|127\..*|\[::1\])$/.test(hostname)
}

const loginOf = ({ login, user }: Pick<EngineForm, 'login' | 'user'>): unknown =>
  login === 'basic' ? { kind: login, user: user.trim() } : { kind: login }

function targetOf(form: EngineForm): unknown {
  const url = form.url.trim()
  if (form.kind === 'influx1')
    return { kind: form.kind, url, database: form.database, user: form.user.trim() }
  if (form.kind === 'influx2') return { kind: form.kind, url, org: form.org, bucket: form.bucket }
  return { kind: form.kind, url, login: loginOf(form) }
}

export type Checked<T> =
  | { readonly ok: true; readonly value: T; readonly secret: string | null }
  | { readonly ok: false; readonly wrong: ReadonlySet<string> }

/** @param secretHeld one is held that is good for the address as typed */
export function checkedEngine(form: EngineForm, secretHeld: boolean): Checked<EngineSettings> {
  const parsed = EngineSettings.safeParse({
    name: form.name,
    enabled: form.enabled,
    target: targetOf(form),
    queueLimitBytes: form.queueMib === null ? null : Math.round(form.queueMib * MIB)
  })
  return checked(parsed, secretKind(form), form.secret, secretHeld)
}

export function checkedReading(form: ReadingForm, secretHeld: boolean): Checked<ReadingSettings> {
  const parsed = ReadingSettings.safeParse({
    enabled: form.enabled,
    url: form.url.trim(),
    login: loginOf(form),
    fromAgeMs: Number(form.fromAgeDays) * DAY_MS
  })
  return checked(parsed, secretKind(form), form.secret, secretHeld)
}

type Parsed<T> =
  | { readonly success: true; readonly data: T }
  | {
      readonly success: false
      readonly error: { readonly issues: readonly { readonly path: readonly PropertyKey[] }[] }
    }

function checked<T>(
  parsed: Parsed<T>,
  kind: ReturnType<typeof secretKind>,
  secret: string,
  secretHeld: boolean
): Checked<T> {
  const wrong = new Set<string>()
  if (!parsed.success) {
    for (const { path } of parsed.error.issues) {
      const field = String(path.at(-1) ?? '')
      wrong.add(field === 'queueLimitBytes' ? 'queueMib' : field)
    }
  }
  const given = kind !== 'none' && secret !== ''
  if (kind !== 'none' && !given && !secretHeld) wrong.add('secret')
  if (given && /\p{Cc}/u.test(secret)) wrong.add('secret')
  return parsed.success && wrong.size === 0
    ? { ok: true, value: parsed.data, secret: given ? secret : null }
    : { ok: false, wrong }
}
