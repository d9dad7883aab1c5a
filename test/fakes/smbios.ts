/** A dump that `dmidecode --from-dump` reads: an entry point of SMBIOS 3, then the tables. */
export function dmidecodeDump(tables: Uint8Array): Uint8Array {
  const entry = Buffer.alloc(0x18)
  entry.write('_SM3_', 'latin1')
  entry[0x06] = 0x18
  entry[0x07] = 3
  entry[0x08] = 3
  entry[0x0a] = 1
  entry.writeUInt32LE(tables.length, 0x0c)
  entry.writeUInt32LE(0x20, 0x10)
  entry[0x05] = (256 - (entry.reduce((sum, byte) => sum + byte, 0) & 0xff)) & 0xff
  return Buffer.concat([entry, Buffer.alloc(0x20 - 0x18), Buffer.from(tables)])
}
