/** What is written in the definition itself: texts, tags, the boot order, the whole document. */
import type { BootEntry } from '#contract/configuration.ts'
import { NO_METADATA, virthelmMetadataArgs } from '../../../domain/libvirt/virthelm-metadata.ts'
import { STDIN } from '../virsh.ts'
import { setsEveryPassword } from './comparable.ts'
import { marksOf } from './hardware-xml.ts'
import type { PlannableChange, PlanDraft, ScopeOf, Situation } from './plan.ts'
import {
  childOf,
  childrenOf,
  element,
  parseXml,
  removeChildren,
  textOf,
  writeXml,
  type XmlElement,
  XmlProblem
} from './xml-tree.ts'

type DocumentChange = Extract<
  PlannableChange,
  { kind: 'boot' | 'xml' | 'restore' | 'title' | 'description' | 'tags' }
>

export function planDocument(
  change: DocumentChange,
  scopes: readonly ScopeOf[],
  situation: Situation,
  draft: PlanDraft
): void {
  for (const scope of scopes) {
    if (change.kind === 'title' || change.kind === 'description' || change.kind === 'tags')
      planWords(change, scope, situation, draft)
    else if (scope.scope === 'live') draft.refuse('live', 'nextBootOnly')
    else if (change.kind === 'boot') planBoot(change.order, scope, situation, draft)
    else planDefine(change, scope, situation, draft)
  }
}

function planWords(
  change: Extract<DocumentChange, { kind: 'title' | 'description' | 'tags' }>,
  { scope, option, definition }: ScopeOf,
  { uuid }: Situation,
  draft: PlanDraft
): void {
  const { title, description, tags } = definition.hardware
  switch (change.kind) {
    case 'title':
      if ((title ?? '') !== change.title)
        draft.send(scope, ['desc', uuid, option, '--title', '--new-desc', change.title])
      return
    case 'description':
      if ((description ?? '') !== change.description)
        draft.send(scope, ['desc', uuid, option, '--new-desc', change.description])
      return
    case 'tags': {
      if (tags.join() === change.tags.join()) return
      const marks = { ...NO_METADATA, ...marksOf(definition.tree), tags: change.tags }
      const words = virthelmMetadataArgs(uuid, marks, false).filter((word) => word !== '--config')
      draft.send(scope, [...words, option])
    }
  }
}

/** Each device gets its place; the firmware's own list goes, because libvirt takes only one of the two. */
function planBoot(
  order: readonly BootEntry[],
  { definition }: ScopeOf,
  situation: Situation,
  draft: PlanDraft
): void {
  // A tree of its own: the situation's stays as it was read.
  const domain = parseXml(writeXml(definition.tree))
  const devices = childOf(domain, 'devices')
  const os = childOf(domain, 'os')
  if (os !== null) removeChildren(os, ({ name }) => name === 'boot')
  for (const device of devices?.children ?? [])
    if (typeof device !== 'string') removeChildren(device, ({ name }) => name === 'boot')
  for (const [index, entry] of order.entries()) {
    const device = deviceOf(devices, entry)
    if (device === undefined) {
      draft.refuse('nextBoot', 'notThere', { device: entry.kind === 'disk' ? entry.target : entry.mac })
      return
    }
    device.children.push(element('boot', { order: String(index + 1) }))
  }
  if (writeXml(domain) === writeXml(definition.tree)) return
  define(domain, writeXml(domain), situation, draft, [])
}

function deviceOf(devices: XmlElement | null, entry: BootEntry): XmlElement | undefined {
  if (entry.kind === 'disk')
    return childrenOf(devices, 'disk').find(
      (disk) => childOf(disk, 'target')?.attributes['dev'] === entry.target
    )
  return childrenOf(devices, 'interface').find(
    (one) => childOf(one, 'mac')?.attributes['address']?.toLowerCase() === entry.mac.toLowerCase()
  )
}

function planDefine(
  change: Extract<DocumentChange, { kind: 'xml' | 'restore' }>,
  { definition }: ScopeOf,
  situation: Situation,
  draft: PlanDraft
): void {
  let domain: XmlElement
  try {
    domain = parseXml(change.xml)
  } catch (error) {
    if (!(error instanceof XmlProblem)) throw error
    const line = error.line === null ? {} : { line: error.line }
    draft.refuse(null, 'notWellFormed', { ...line, message: error.message.slice(0, 1000) })
    return
  }
  const uuid = textOf(childOf(domain, 'uuid'))?.toLowerCase()
  const name = textOf(childOf(domain, 'name'))
  if (domain.name !== 'domain' || uuid !== situation.uuid || name !== situation.name.trim()) {
    draft.refuse(null, 'otherMachine', { name: situation.name, uuid: situation.uuid })
    return
  }
  if (writeXml(domain) === writeXml(definition.tree)) return
  // What libvirt printed itself it takes again; what was typed is held against its schema.
  define(domain, change.xml, situation, draft, change.kind === 'xml' ? ['--validate'] : [])
}

function define(
  domain: XmlElement,
  document: string,
  { nextBoot }: Situation,
  draft: PlanDraft,
  options: readonly string[]
): void {
  draft.mayLosePassword = nextBoot?.hardware.hasGraphics === true && !setsEveryPassword(domain)
  draft.send('nextBoot', ['define', STDIN, ...options], document)
}
