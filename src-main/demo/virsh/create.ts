/** Making and taking back machines on a demo server: what it can do, define, start. Volumes are in `stores.ts`. */
import { AppError } from '#contract/errors.ts'
import { parseDomainXml } from '../../remote/libvirt/domain-xml.ts'
import { definedDomain } from '../domains.ts'
import type { DemoDomain, DemoDomainAction, DemoHost } from '../model.ts'
import { answerTo, type VirshOutput } from '../virsh-answers.ts'
import type { VirshAnswers, VirshCall } from './one-shot.ts'

const printed = (output: string): VirshOutput => ({ output, error: '' })
const failed = (error: string): VirshOutput => ({ output: '', error: `error: ${error}\n` })

const CAPABILITIES = `<capabilities>
  <host><cpu><arch>x86_64</arch></cpu></host>
  <guest>
    <os_type>hvm</os_type>
    <arch name='x86_64'>
      <machine maxCpus='255'>pc</machine>
      <machine maxCpus='288'>q35</machine>
      <domain type='qemu'/>
      <domain type='kvm'/>
    </arch>
  </guest>
</capabilities>
`

const values = (name: string, ...words: readonly string[]): string =>
  `<enum name='${name}'>${words.map((word) => `<value>${word}</value>`).join('')}</enum>`

const ABILITIES = `<domainCapabilities>
  <domain>kvm</domain>
  <machine>pc-q35-8.2</machine>
  <arch>x86_64</arch>
  <vcpu max='288'/>
  <os supported='yes'>
    ${values('firmware', 'efi')}
    <loader supported='yes'>${values('secure', 'yes', 'no')}</loader>
  </os>
  <cpu><mode name='host-passthrough' supported='yes'/><mode name='maximum' supported='yes'/></cpu>
  <devices>
    <disk supported='yes'>${values('bus', 'fdc', 'scsi', 'virtio', 'usb', 'sata')}</disk>
    <video supported='yes'>${values('modelType', 'vga', 'qxl', 'virtio', 'bochs', 'ramfb')}</video>
    <rng supported='yes'>${values('backendModel', 'random', 'egd', 'builtin')}</rng>
    <tpm supported='yes'>${values('backendModel', 'passthrough', 'emulator')}</tpm>
  </devices>
  <features>
    <hyperv supported='yes'>${values('features', 'relaxed', 'vapic', 'spinlocks', 'vpindex', 'runtime', 'synic', 'stimer', 'frequencies', 'tlbflush', 'ipi')}</hyperv>
  </features>
</domainCapabilities>
`

/** The word behind `--option`. */
function option({ words }: VirshCall, name: string): string {
  const at = words.indexOf(`--${name}`)
  return at < 0 ? '' : (words[at + 1] ?? '')
}

function domainOf(host: DemoHost, call: VirshCall): DemoDomain | undefined {
  const uuid = option(call, 'domain')
  return host.domains.find((domain) => domain.uuid === uuid)
}

function onDomain(host: DemoHost, call: VirshCall, work: (domain: DemoDomain) => string | null): VirshOutput {
  const domain = domainOf(host, call)
  if (domain === undefined) return failed(`failed to get domain '${option(call, 'domain')}'`)
  const refusal = work(domain)
  return refusal === null ? printed('\n') : failed(refusal)
}

const act =
  (action: DemoDomainAction) =>
  (host: DemoHost, call: VirshCall): VirshOutput =>
    onDomain(host, call, (domain) => host.act(domain, action))

function define(host: DemoHost, call: VirshCall): VirshOutput {
  try {
    const domain = definedDomain(host.name, parseDomainXml(call.document ?? ''))
    const namesake = host.domains.find(({ name, uuid }) => name === domain.name && uuid !== domain.uuid)
    if (namesake !== undefined)
      return failed(
        `Failed to define domain from /dev/stdin\nerror: operation failed: domain '${domain.name}' already exists with uuid ${namesake.uuid}`
      )
    host.define(domain)
    return printed(`Domain '${domain.name}' defined from /dev/stdin\n`)
  } catch (error) {
    if (error instanceof AppError) return failed('Failed to define domain from /dev/stdin\nerror: XML error')
    throw error
  }
}

export const createAnswers: VirshAnswers = {
  capabilities: () => printed(CAPABILITIES),
  domcapabilities: () => printed(ABILITIES),
  list: (host, { words }) => answerTo(host, words.join(' ')),
  'vol-upload': () => printed('\n'),
  define,
  undefine: (host, call) =>
    onDomain(host, call, (domain) => {
      host.undefine(domain)
      return null
    }),
  autostart: (host, call) =>
    onDomain(host, call, (domain) => {
      domain.autostart = true
      return null
    }),
  start: act('start'),
  destroy: act('forceOff')
}
