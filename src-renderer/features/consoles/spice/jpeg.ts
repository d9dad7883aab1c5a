/** What a JPEG says of its size, before any decoder sees it. */
import type { Picture, Size } from './picture.ts'

/** Decodes a JPEG of a size that is known and allowed. Given by who has a browser. */
export type DecodeJpeg = (bytes: Uint8Array) => Promise<Picture>

/** Start-of-frame markers; C4, C8 and CC in their midst are something else. */
const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc

/** @throws RangeError for what is no JPEG */
export function jpegSize(bytes: Uint8Array): Size {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint16(0) !== 0xffd8) throw new RangeError('not a JPEG')
  for (let at = 2; ;) {
    if (view.getUint8(at) !== 0xff) throw new RangeError('not a JPEG')
    const marker = view.getUint8(at + 1)
    if (marker === 0xff) at++
    else if (isFrame(marker)) return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) }
    else at += 2 + Math.max(2, view.getUint16(at + 2))
  }
}

/** Decodes it if it has the size that was announced. @throws RangeError */
export async function decodeSized(decode: DecodeJpeg, bytes: Uint8Array, size: Size): Promise<Picture> {
  const said = jpegSize(bytes)
  if (said.width !== size.width || said.height !== size.height) throw new RangeError('a JPEG of another size')
  const picture = await decode(bytes)
  if (picture.width !== size.width || picture.height !== size.height)
    throw new RangeError('a JPEG of another size')
  return picture
}
