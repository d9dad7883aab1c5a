/** Bytes of the queue's files at their places, and its `head`: the place up to which all was acknowledged. */
import { constants } from 'node:fs'
import { open, readFile, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { QueuePosition } from '../application/engines/record-queue.ts'

/** Half written, or none: before everything, so that all that is there is sent (again). */
export async function readHead(folder: string): Promise<QueuePosition> {
  let text = ''
  try {
    text = await readFile(join(folder, 'head'), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const [, segment, offset] = /^(\d{15}) (\d{15})\n$/.exec(text) ?? []
  return { segment: Number(segment ?? 0), offset: Number(offset ?? -1) }
}

/** Over what stands there, in one write and never emptied before: a kill finds the old or the new one. */
export async function writeHead(folder: string, { segment, offset }: QueuePosition): Promise<void> {
  const padded = (value: number): string => String(value).padStart(15, '0')
  const file = await open(join(folder, 'head'), constants.O_WRONLY | constants.O_CREAT, 0o600)
  try {
    await writeAll(file, Buffer.from(`${padded(segment)} ${padded(offset)}\n`), 0)
  } finally {
    await file.close()
  }
}

export async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}

/** Throws RangeError when the file is shorter than it was. */
export async function readAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, position + done)
    if (bytesRead === 0) throw new RangeError('a queued record is not there any more')
    done += bytesRead
  }
}
