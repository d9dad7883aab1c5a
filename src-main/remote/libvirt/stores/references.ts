/** What all VMs of a server refer to, in a few questions that never wait for a QEMU or a pool. */
import { AppError } from '#contract/errors.ts'
import type { References } from '../../../application/stores/stores.ts'
import type { DomainReferences } from '../../../domain/libvirt/uses.ts'
import { parseUuidLines } from '../../../domain/libvirt/listing.ts'
import {
  parseDomainReferences,
  parseSnapshotReferences,
  type DomainXmlReferences
} from '../domain-references.ts'
import { readBatch, type BatchAnswer } from '../virsh-batch.ts'
import type { StoreDeps } from './store-deps.ts'

const DEADLINE_MS = 8_000

/** @throws AppError libvirtDaemonDown when libvirt does not answer, and those of `readBatch` */
export async function readReferences(deps: StoreDeps, signal: AbortSignal): Promise<References> {
  const [all, active, snapshotted] = await ask(deps, signal, [
    ['list', '--all', '--uuid'],
    ['list', '--uuid'],
    ['list', '--all', '--uuid', '--with-snapshot']
  ])
  if (all === undefined || all.error !== '')
    throw new AppError('libvirtFailed', { params: { stderr: all?.error ?? '' }, retryable: true })
  const uuids = [...parseUuidLines(all.output)]
  const running = parseUuidLines(active?.output ?? '')
  const withSnapshots = [...parseUuidLines(snapshotted?.output ?? '')]
  const questions = [
    ...uuids.map((uuid) => ['dumpxml', uuid]),
    ...uuids.map((uuid) => ['dumpxml', '--inactive', uuid]),
    ...withSnapshots.map((uuid) => ['snapshot-list', '--name', uuid])
  ]
  const answers = await ask(deps, signal, questions)
  const reading = new Reading(running)
  uuids.forEach((uuid, index) => {
    reading.take(uuid, answers[index], true)
    reading.take(uuid, answers[uuids.length + index], false)
  })
  await takeSnapshots(deps, signal, reading, withSnapshots, answers.slice(2 * uuids.length))
  return { domains: reading.domains(), complete: reading.complete }
}

async function takeSnapshots(
  deps: StoreDeps,
  signal: AbortSignal,
  reading: Reading,
  uuids: readonly string[],
  lists: readonly BatchAnswer[]
): Promise<void> {
  const snapshots = uuids.flatMap((uuid, index) =>
    (lists[index]?.output ?? '')
      .split('\n')
      .filter((name) => name !== '')
      .map((name) => ({ uuid, name }))
  )
  if (lists.some(({ error }) => error !== '')) reading.complete = false
  if (snapshots.length === 0) return
  const answers = await ask(
    deps,
    signal,
    snapshots.map(({ uuid, name }) => ['snapshot-dumpxml', '--domain', uuid, '--snapshotname', name])
  )
  snapshots.forEach(({ uuid }, index) => reading.takeSnapshot(uuid, answers[index]))
}

/** Answers of all questions; none of them waits for anything but libvirtd itself. */
async function ask(
  deps: StoreDeps,
  signal: AbortSignal,
  questions: readonly (readonly string[])[]
): Promise<readonly BatchAnswer[]> {
  if (questions.length === 0) return []
  const deadlineMs = DEADLINE_MS + questions.length * 20
  const { answers, end } = await readBatch(deps, questions, { signal, deadlineMs })
  if (end !== 'answered') throw new AppError('libvirtDaemonDown', { params: { stderr: '' }, retryable: true })
  return answers
}

const GONE = /failed to get domain|Domain not found/i

class Reading {
  complete = true
  readonly #running: ReadonlySet<string>
  readonly #domains = new Map<string, DomainReferences>()

  constructor(running: ReadonlySet<string>) {
    this.#running = running
  }

  domains(): readonly DomainReferences[] {
    return [...this.#domains.values()]
  }

  take(uuid: string, answer: BatchAnswer | undefined, present: boolean): void {
    if (answer === undefined || answer.error !== '') {
      // A VM that is gone meanwhile uses nothing; a transient one has no next-boot definition.
      if (present && !GONE.test(answer?.error ?? '')) this.complete = false
      return
    }
    const parsed = this.#parsed(() => parseDomainReferences(answer.output))
    if (parsed === null || parsed.uuid !== uuid) return
    this.#add(uuid, parsed, parsed.name)
  }

  takeSnapshot(uuid: string, answer: BatchAnswer | undefined): void {
    if (answer === undefined || answer.error !== '') {
      this.complete = false
      return
    }
    const parsed = this.#parsed(() => parseSnapshotReferences(answer.output))
    if (parsed !== null) this.#add(uuid, parsed, null)
  }

  #parsed<T>(parse: () => T): T | null {
    try {
      return parse()
    } catch {
      // The window says that not all users of files are known, and deletes none.
      this.complete = false
      return null
    }
  }

  #add(uuid: string, more: Omit<DomainXmlReferences, 'uuid' | 'name'>, name: string | null): void {
    const known = this.#domains.get(uuid)
    this.#domains.set(uuid, {
      uuid,
      name: known?.name ?? name ?? '',
      running: this.#running.has(uuid),
      files: [...(known?.files ?? []), ...more.files],
      volumes: [...(known?.volumes ?? []), ...more.volumes],
      interfaces: [...(known?.interfaces ?? []), ...more.interfaces]
    })
  }
}
