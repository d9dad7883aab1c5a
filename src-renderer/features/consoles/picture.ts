/** Draws what `consoles.picture` gives: bare colours, no format that a browser would have to decode. */
import type { MachinePicture } from '#contract/consoles.ts'

/** False when the colours do not fill the size. */
export function decodePicture(picture: MachinePicture, canvas: HTMLCanvasElement | null): boolean {
  const { widthPx, heightPx, rgbBase64 } = picture
  const context = canvas?.getContext('2d') ?? null
  if (canvas === null || context === null) return false
  const bytes = atob(rgbBase64)
  if (bytes.length !== widthPx * heightPx * 3) return false
  canvas.width = widthPx
  canvas.height = heightPx
  const image = context.createImageData(widthPx, heightPx)
  for (let pixel = 0; pixel < widthPx * heightPx; pixel++) {
    for (let colour = 0; colour < 3; colour++)
      image.data[pixel * 4 + colour] = bytes.charCodeAt(pixel * 3 + colour)
    image.data[pixel * 4 + 3] = 255
  }
  context.putImageData(image, 0, 0)
  return true
}
