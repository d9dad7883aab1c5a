/**
 * From what the operator wants to what virsh is told: the commands of each scope, and why something cannot be done there.
 * Pure; what has to be asked of the server for it is in `Situation`.
 */
import type {
  ChangePlan,
  ChangeRefusal,
  ChangeScope,
  Hardware,
  MachineChange
} from '#contract/configuration.ts'
import type { VirshWrite } from '../virsh.ts'
import { planDevices } from './plan-devices.ts'
import { planDocument } from './plan-document.ts'
import { planSizes } from './plan-sizes.ts'
import type { XmlElement } from './xml-tree.ts'

/** As the contract's change, with the document of a saved definition in it. */
export type PlannableChange =
  Exclude<MachineChange, { kind: 'restore' }> | { readonly kind: 'restore'; readonly xml: string }

export interface Situation {
  readonly uuid: string
  readonly name: string
  readonly live: Definition | null
  /** null = transient. */
  readonly nextBoot: Definition | null
  /** Its QEMU answers its monitor (true also when it is off). */
  readonly isResponding: boolean
  /** Of the disk that is to grow. null = not known. */
  readonly capacityBytes: number | null
  /** Whether libvirt knows the file of that disk as a volume. */
  readonly isVolume: boolean
  /** Another running VM that has the file open. */
  readonly otherUser: string | null
  /** For an interface without a MAC address. */
  readonly newMac: string
}

export interface Definition {
  readonly tree: XmlElement
  readonly hardware: Hardware
}

export interface Step {
  readonly scope: ChangeScope
  readonly write: VirshWrite
  /** It makes something that is of no use when the steps after it fail: the words that take it away again. */
  readonly undo?: readonly string[]
}

export type Refusal = ChangePlan['refusals'][number]

export interface Plan {
  readonly steps: readonly Step[]
  readonly refusals: readonly Refusal[]
  readonly filesLeft: readonly string[]
  readonly mayLosePassword: boolean
}

/** What a planner of one kind gives back for one scope, or for both at once. */
export class PlanDraft {
  readonly steps: Step[] = []
  readonly refusals: Refusal[] = []
  readonly filesLeft = new Set<string>()
  mayLosePassword = false

  send(scope: ChangeScope, args: readonly string[], document?: string): void {
    this.steps.push({ scope, write: document === undefined ? { args } : { args, document } })
  }

  make(scope: ChangeScope, args: readonly string[], undo: readonly string[]): void {
    this.steps.push({ scope, write: { args }, undo })
  }

  refuse(scope: ChangeScope | null, reason: ChangeRefusal, params: Refusal['params'] = {}): void {
    this.refusals.push({ scope, reason, params })
  }
}

/** One scope that was asked for and is there: its definition, and the option that names it to virsh. */
export interface ScopeOf {
  readonly scope: ChangeScope
  readonly definition: Definition
  readonly option: '--live' | '--config'
}

export function planChange(
  change: PlannableChange,
  asked: readonly ChangeScope[],
  situation: Situation
): Plan {
  const draft = new PlanDraft()
  if (!situation.isResponding) draft.refuse(null, 'notResponding')
  else {
    // A file has no scopes: it is one and the same.
    const scopes = change.kind === 'diskGrow' ? [] : scopesOf(asked, situation, draft)
    switch (change.kind) {
      case 'vcpus':
      case 'memory':
      case 'diskGrow':
        planSizes(change, scopes, situation, draft)
        break
      case 'boot':
      case 'xml':
      case 'restore':
      case 'title':
      case 'description':
      case 'tags':
        planDocument(change, scopes, situation, draft)
        break
      default:
        planDevices(change, scopes, situation, draft)
    }
  }
  if (draft.steps.length === 0 && draft.refusals.length === 0) draft.refuse(null, 'nothingToChange')
  const { steps, refusals, mayLosePassword } = draft
  // What is refused as a whole is not done in part.
  const isRefused = refusals.some(({ scope }) => scope === null)
  return {
    steps: isRefused ? [] : steps,
    refusals,
    filesLeft: isRefused ? [] : [...draft.filesLeft],
    mayLosePassword: mayLosePassword && !isRefused
  }
}

/** The running VM first: when libvirt refuses there, nothing has been changed yet. */
function scopesOf(asked: readonly ChangeScope[], situation: Situation, draft: PlanDraft): readonly ScopeOf[] {
  const scopes: ScopeOf[] = []
  if (asked.includes('live')) {
    if (situation.live === null) draft.refuse('live', 'off')
    else scopes.push({ scope: 'live', definition: situation.live, option: '--live' })
  }
  if (asked.includes('nextBoot')) {
    if (situation.nextBoot === null) draft.refuse('nextBoot', 'transient')
    else scopes.push({ scope: 'nextBoot', definition: situation.nextBoot, option: '--config' })
  }
  return scopes
}
