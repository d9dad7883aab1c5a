/** Readers of virsh's words about block devices, their jobs and volumes: `Name: number` lines, one each. */

const FIELD = /^\s*([A-Za-z][A-Za-z -]*?)\s*[:=]\s*(\d{1,19})(?: bytes)?\s*$/

/** `Capacity:  33554432 bytes` or `cur=12`: names with whole numbers; other lines are left out. */
export function parseByteFields(text: string): ReadonlyMap<string, number> {
  const fields = new Map<string, number>()
  for (const line of text.split('\n')) {
    const [, name, digits] = FIELD.exec(line) ?? []
    if (name !== undefined && digits !== undefined && !fields.has(name)) fields.set(name, Number(digits))
  }
  return fields
}

/** Bytes that a disk's image takes; null when virsh says "-" or nothing. */
export const parseDomblkinfo = (text: string): number | null =>
  parseByteFields(text).get('Allocation') ?? null

/** `blockjob --info --raw`; null: there is no job on this disk. */
export function parseBlockJob(text: string): { doneBytes: number; totalBytes: number } | null {
  const fields = parseByteFields(text)
  const doneBytes = fields.get('cur')
  const totalBytes = fields.get('end')
  return doneBytes === undefined || totalBytes === undefined ? null : { doneBytes, totalBytes }
}
