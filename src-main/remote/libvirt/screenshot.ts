/** Reads what `virsh screenshot` gives (PPM, or PNG since QEMU 7.1) and makes it small. */
import { inflateSync } from 'node:zlib'
import { AppError } from '#contract/errors.ts'
import type { RgbPicture } from '../../application/consoles/machine-consoles.ts'
import { readPng } from '../../domain/images/png.ts'
import { readPpm } from '../../domain/images/ppm.ts'
import { shrink } from '../../domain/images/shrink.ts'

const THUMBNAIL_WIDTH_PX = 480
const THUMBNAIL_HEIGHT_PX = 360

/** Throws protocolViolation for bytes that are no picture. */
export function pictureOf(bytes: Uint8Array): RgbPicture {
  const picture =
    readPpm(bytes) ?? readPng(bytes, (packed, size) => inflateSync(packed, { maxOutputLength: size }))
  if (picture === null) throw new AppError('protocolViolation', { params: { subject: 'screenshot' } })
  return shrink(picture, THUMBNAIL_WIDTH_PX, THUMBNAIL_HEIGHT_PX)
}
