/** Names of VMs that the console gives. Those that exist may be of any kind. Pure. */
import { looksLikeUuid } from './listing.ts'

export type NameFault =
  'nameEmpty' | 'nameTooLong' | 'nameCharacters' | 'nameSpaces' | 'nameNumber' | 'nameUuid' | 'nameDash'

/** libvirt keeps files named after the VM; file systems take 255 bytes. */
const MAX_BYTES = 200

/** Why the name is not given; null = it can be. */
export function nameFaultOf(name: string): NameFault | null {
  if (name.trim() === '') return 'nameEmpty'
  if (name !== name.trim()) return 'nameSpaces'
  if (utf8Length(name) > MAX_BYTES) return 'nameTooLong'
  // A slash would be a folder; control and direction characters would show it as another name.
  if (/[/\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(name)) return 'nameCharacters'
  // virsh would take these for an option, a running VM's number, or another VM's UUID.
  if (name.startsWith('-')) return 'nameDash'
  if (/^\d+$/.test(name)) return 'nameNumber'
  return looksLikeUuid(name) ? 'nameUuid' : null
}

function utf8Length(text: string): number {
  let bytes = 0
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
  }
  return bytes
}
