/** Events of servers and VMs in words, for the time axis. Pure: words come in. */
import type { HistoryEvent, HistoryMark } from '#contract/history.ts'
import type { VmUuid } from '#contract/ids.ts'
import type { DomainState } from '#contract/vocabulary.ts'
import type { ChartEvent } from '../../charts/index.ts'
import { visibleText } from '../../ui/index.ts'

export interface MarkWords {
  readonly text: (key: string, values: Record<string, string>) => string
  readonly state: (state: DomainState) => string
  /** A VM's name now; '' when it is not known any more. */
  readonly machine: (mark: HistoryMark, vmUuid: VmUuid) => string
  /** Name of one of the console's own rules of alerts. */
  readonly preset: (preset: string) => string
  /** The server's name where marks of several stand on one axis, else ''. */
  readonly server: (mark: HistoryMark) => string
}

const stateTone = (state: DomainState | null): ChartEvent['tone'] =>
  state === 'running' ? 'ok' : state === 'crashed' ? 'red' : 'neutral'

function textOf(mark: HistoryMark, words: MarkWords): string {
  const { event } = mark
  switch (event.kind) {
    case 'machineState': {
      const vm = visibleText(event.name)
      if (event.to === null) return words.text('machineGone', { vm })
      const to = words.state(event.to)
      return event.from === null
        ? words.text('machineNew', { vm, to })
        : words.text('machineState', { vm, from: words.state(event.from), to })
    }
    case 'collectingStarted':
    case 'collectingStopped':
      return event.vmUuid === null
        ? words.text(event.kind, {})
        : words.text(`${event.kind}Of`, { vm: words.machine(mark, event.vmUuid) || event.vmUuid })
    case 'serverOnline':
    case 'serverOffline':
    case 'serverRebooted':
      return words.text(event.kind, {})
    case 'portChanged':
      return words.text('portChanged', {
        port: event.service === null ? String(event.port) : `${event.port} (${event.service})`,
        seen: words.text(`portSeen.${event.origin}`, {}),
        from: words.text(`portState.${event.from}`, {}),
        to: words.text(`portState.${event.to}`, {})
      })
    case 'listenerChanged': {
      const address = visibleText(event.address)
      const place = `${event.protocol} ${address.includes(':') ? `[${address}]` : address}:${event.port}`
      const who = visibleText(event.process ?? event.service ?? event.protocol)
      return words.text(event.listens ? 'listens' : 'listensNoMore', { who, place })
    }
    case 'alertRaised':
    case 'alertRecovered': {
      const rule = event.ruleName === null ? words.preset(event.preset ?? '') : visibleText(event.ruleName)
      const vm = event.vmUuid === null ? '' : words.machine(mark, event.vmUuid)
      const whose = [vm, visibleText(event.label)].filter((part) => part !== '').join(', ')
      const what = whose === '' ? rule : `${rule} (${whose})`
      return words.text(event.kind, { level: words.text(`alertLevel.${event.level}`, {}), what })
    }
  }
}

function toneOf(event: HistoryEvent): ChartEvent['tone'] {
  switch (event.kind) {
    case 'machineState':
      return stateTone(event.to)
    case 'serverOffline':
      return 'red'
    case 'serverRebooted':
      return 'amber'
    case 'serverOnline':
      return 'ok'
    case 'collectingStarted':
    case 'collectingStopped':
    case 'listenerChanged':
      return 'neutral'
    case 'portChanged':
      return event.to === 'open' ? 'ok' : 'amber'
    case 'alertRaised':
      return event.level === 'RED' ? 'red' : 'amber'
    case 'alertRecovered':
      return 'ok'
  }
}

/** Of the VM, and of its server as a whole. */
export function concerns(mark: HistoryMark, vmUuid: VmUuid): boolean {
  const { event } = mark
  return 'vmUuid' in event ? event.vmUuid === null || event.vmUuid === vmUuid : true
}

export const marksInWords = (marks: readonly HistoryMark[], words: MarkWords): ChartEvent[] =>
  marks.map((mark) => {
    const server = words.server(mark)
    const text = textOf(mark, words)
    return {
      atMs: mark.atMs,
      label: server === '' ? text : `${server}: ${text}`,
      tone: toneOf(mark.event)
    }
  })
