/** Makes a picture fit a box by averaging; never larger. */
import type { Rgb } from './ppm.ts'

export function shrink(picture: Rgb, maxWidthPx: number, maxHeightPx: number): Rgb {
  const scale = Math.min(1, maxWidthPx / picture.widthPx, maxHeightPx / picture.heightPx)
  if (scale === 1) return picture
  const widthPx = Math.max(1, Math.round(picture.widthPx * scale))
  const heightPx = Math.max(1, Math.round(picture.heightPx * scale))
  const rgb = new Uint8Array(widthPx * heightPx * 3)
  for (let y = 0; y < heightPx; y++) {
    const [top, bottom] = span(y, heightPx, picture.heightPx)
    for (let x = 0; x < widthPx; x++) {
      const [left, right] = span(x, widthPx, picture.widthPx)
      averageInto(rgb, (y * widthPx + x) * 3, picture, { left, right, top, bottom })
    }
  }
  return { widthPx, heightPx, rgb }
}

/** Which pixels of the old row (or column) one of the new one stands for; at least one. */
function span(index: number, count: number, ofCount: number): [number, number] {
  const from = Math.floor((index * ofCount) / count)
  return [from, Math.max(from + 1, Math.floor(((index + 1) * ofCount) / count))]
}

function averageInto(
  target: Uint8Array,
  at: number,
  { rgb, widthPx }: Rgb,
  box: { left: number; right: number; top: number; bottom: number }
): void {
  const sums = [0, 0, 0]
  for (let y = box.top; y < box.bottom; y++) {
    for (let x = box.left; x < box.right; x++) {
      const from = (y * widthPx + x) * 3
      for (let colour = 0; colour < 3; colour++)
        sums[colour] = (sums[colour] ?? 0) + (rgb[from + colour] ?? 0)
    }
  }
  const count = (box.bottom - box.top) * (box.right - box.left)
  for (let colour = 0; colour < 3; colour++) target[at + colour] = Math.round((sums[colour] ?? 0) / count)
}
