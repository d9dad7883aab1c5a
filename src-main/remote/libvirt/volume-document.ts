import type { NewVolume } from '../../application/clones/clone-host.ts'
import { escaped } from './xml-edit.ts'

/** What `vol-create` and `vol-create-from` take. A copy without a backing image is whole by itself. */
export function volumeDocument({ name, format, capacityBytes, backing }: NewVolume): string {
  // libvirt's own default for qcow2 is the form of 2010.
  const compat = format === 'qcow2' ? '<compat>1.1</compat>' : ''
  const below =
    backing === null
      ? ''
      : `<backingStore><path>${escaped(backing.path)}</path><format type="${escaped(backing.format)}"/></backingStore>`
  return `<volume><name>${escaped(name)}</name><capacity unit="bytes">${capacityBytes}</capacity><target><format type="${escaped(format)}"/>${compat}</target>${below}</volume>`
}
