/** Single settings of a demo machine: its name, its marks, how often it tells of its memory. */
import type { DemoDomain, DemoHost } from '../model.ts'
import type { VirshOutput } from '../virsh-answers.ts'
import type { VirshAnswers, VirshCall } from './one-shot.ts'

const failed = (error: string): VirshOutput => ({ output: '', error: `error: ${error}\n` })

function withDomain(work: (domain: DemoDomain, call: VirshCall, host: DemoHost) => string | null) {
  return (host: DemoHost, call: VirshCall): VirshOutput => {
    const uuid = call.words.find((word) => /^[0-9a-f-]{36}$/.test(word)) ?? ''
    const domain = host.domains.find((one) => one.uuid === uuid)
    if (domain === undefined) return failed(`failed to get domain '${uuid}'`)
    const refusal = work(domain, call, host)
    if (refusal === null) host.redefined(domain)
    return refusal === null ? { output: '\n', error: '' } : failed(refusal)
  }
}

const option = ({ words }: VirshCall, name: string): string | null =>
  words.includes(name) ? (words[words.indexOf(name) + 1] ?? '') : null

export const lifeAnswers: VirshAnswers = {
  domrename: withDomain((domain, call, host) => {
    const name = option(call, '--new-name') ?? ''
    if (domain.id !== null) return 'Requested operation is not valid: cannot rename active domain'
    if (host.domains.some((other) => other.name === name))
      return `operation failed: domain '${name}' already exists`
    domain.name = name
    return null
  }),
  dommemstat: withDomain((domain, call) => {
    domain.balloonPeriodSec = Number(option(call, '--period') ?? 0)
    return null
  })
}
