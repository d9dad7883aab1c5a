/** The browser's decoder for JPEGs whose size is known and allowed. */
import type { DecodeJpeg } from './spice/jpeg.ts'

export const decodeJpeg: DecodeJpeg = async (bytes) => {
  const bitmap = await createImageBitmap(new Blob([bytes.slice()], { type: 'image/jpeg' }))
  try {
    const { width, height } = bitmap
    const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })
    if (context === null) throw new RangeError('no canvas')
    context.drawImage(bitmap, 0, 0)
    const { data } = context.getImageData(0, 0, width, height)
    return { width, height, pixels: new Uint32Array(data.buffer), hasAlpha: false }
  } finally {
    bitmap.close()
  }
}
