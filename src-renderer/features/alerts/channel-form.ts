/** The editor of a channel: what is typed, and the channel it makes. Pure. */
import { ChannelDraft, ChannelTarget } from '#contract/alert-channels.ts'
import type { AlertLevel } from '#contract/vocabulary.ts'
import { parseSpan, spanText } from './span-text.ts'

export type ChannelKind = ChannelTarget['kind']

export interface ChannelForm {
  name: string
  enabled: boolean
  kind: ChannelKind
  url: string
  server: string
  topic: string
  host: string
  port: number | null
  security: 'tls' | 'startTls' | 'none'
  user: string
  from: string
  to: string
  /** '' = as it is. */
  secret: string
  dropSecret: boolean
  leastLevel: AlertLevel
  mostPerHour: number | null
  gather: string
}
export type ChannelField =
  'name' | 'url' | 'server' | 'topic' | 'host' | 'port' | 'from' | 'to' | 'mostPerHour' | 'gather'
export type ChannelResult =
  | { readonly ok: true; readonly draft: ChannelDraft; readonly secret: string | null | undefined }
  | { readonly ok: false; readonly problems: ReadonlySet<ChannelField> }

const FRESH: Omit<ChannelForm, 'kind'> = {
  name: '',
  enabled: true,
  url: '',
  server: 'https://ntfy.sh',
  topic: '',
  host: '',
  port: 587,
  security: 'startTls',
  user: '',
  from: '',
  to: '',
  secret: '',
  dropSecret: false,
  leastLevel: 'AMBER',
  mostPerHour: 20,
  gather: '10 s'
}

export function channelForm(channel: ChannelDraft | null): ChannelForm {
  if (channel === null) return { ...FRESH, kind: 'webhook' }
  const { target, name, enabled, leastLevel, mostPerHour, gatherMs } = channel
  const form: ChannelForm = {
    ...FRESH,
    kind: target.kind,
    name,
    enabled,
    leastLevel,
    mostPerHour,
    gather: spanText(gatherMs)
  }
  switch (target.kind) {
    case 'desktop':
      return form
    case 'webhook':
      return { ...form, url: target.url }
    case 'ntfy':
      return { ...form, server: target.server, topic: target.topic }
    case 'email': {
      const { host, port, security, user, from, to } = target
      return { ...form, host, port, security, user: user ?? '', from, to: to.join(', ') }
    }
  }
}

function targetOf(form: ChannelForm): unknown {
  switch (form.kind) {
    case 'desktop':
      return { kind: 'desktop' }
    case 'webhook':
      return { kind: 'webhook', url: form.url.trim() }
    case 'ntfy':
      return { kind: 'ntfy', server: form.server.trim(), topic: form.topic.trim() }
    case 'email':
      return {
        kind: 'email',
        host: form.host.trim(),
        port: form.port,
        security: form.security,
        user: form.user.trim() === '' ? null : form.user.trim(),
        from: form.from.trim(),
        to: form.to
          .split(/[,;\s]+/)
          .map((address) => address.trim())
          .filter((address) => address !== '')
      }
  }
}

const FIELDS: ReadonlySet<string> = new Set<ChannelField>([
  'name',
  'url',
  'server',
  'topic',
  'host',
  'port',
  'from',
  'to',
  'mostPerHour',
  'gather'
])

/** The contract's own schema is the judge; here its places become fields. */
export function checkedChannel(form: ChannelForm): ChannelResult {
  const gatherMs = parseSpan(form.gather)
  const parsed = ChannelDraft.safeParse({
    name: form.name,
    enabled: form.enabled,
    target: targetOf(form),
    leastLevel: form.leastLevel,
    mostPerHour: form.mostPerHour,
    gatherMs: gatherMs ?? -1
  })
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path }) => {
      const place = String(path[0] === 'target' ? (path[1] ?? 'url') : path[0])
      return (place === 'gatherMs' ? 'gather' : FIELDS.has(place) ? place : 'name') as ChannelField
    })
    return { ok: false, problems: new Set(problems) }
  }
  const secret = form.secret !== '' ? form.secret : form.dropSecret ? null : undefined
  return { ok: true, draft: parsed.data, secret }
}
