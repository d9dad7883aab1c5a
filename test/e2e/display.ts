/** What the canvas of a VM's display shows. */
import type { Page } from 'playwright-core'

/** The display's size, how many pixels of it are lit, and a sign of which. */
export const lookAt = (page: Page): Promise<{ width: number; height: number; lit: number; sum: number }> =>
  page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>('[data-testid=display-screen] canvas')
    if (!canvas || canvas.width === 0) return { width: 0, height: 0, lit: 0, sum: 0 }
    // A copy: reading the display's own canvas would slow it down, and the browser says so.
    const copy = new OffscreenCanvas(canvas.width, canvas.height)
    const context = copy.getContext('2d', { willReadFrequently: true })
    if (!context) return { width: 0, height: 0, lit: 0, sum: 0 }
    context.drawImage(canvas, 0, 0)
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height)
    let lit = 0
    let sum = 0
    for (let at = 0; at < data.length; at += 4) {
      if ((data[at] ?? 0) > 90) {
        lit++
        sum = (sum * 31 + at) % 1_000_003
      }
    }
    return { width: canvas.width, height: canvas.height, lit, sum }
  })

/** Red, green, blue of each pixel, row by row. */
export interface Pixels {
  readonly width: number
  readonly height: number
  readonly rgb: Buffer
}

/** Of the display. */
export const rgbOf = (page: Page): Promise<Pixels> => readPixels(page, null)

/** Of a picture in a file, as the browser reads it. */
export const pixelsOf = (page: Page, fileBase64: string): Promise<Pixels> => readPixels(page, fileBase64)

async function readPixels(page: Page, fileBase64: string | null): Promise<Pixels> {
  const { width, height, base64 } = await page.evaluate(async (file) => {
    const source =
      file === null
        ? document.querySelector<HTMLCanvasElement>('[data-testid=display-screen] canvas')
        : await createImageBitmap(new Blob([Uint8Array.from(atob(file), (c) => c.charCodeAt(0))]))
    if (!source || source.width === 0) return { width: 0, height: 0, base64: '' }
    const { width, height } = source
    const copy = new OffscreenCanvas(width, height)
    const context = copy.getContext('2d', { willReadFrequently: true })
    if (!context) return { width: 0, height: 0, base64: '' }
    context.drawImage(source, 0, 0)
    const { data } = context.getImageData(0, 0, width, height)
    let text = ''
    for (let at = 0; at < data.length; at += 4)
      text += String.fromCharCode(data[at] ?? 0, data[at + 1] ?? 0, data[at + 2] ?? 0)
    return { width, height, base64: btoa(text) }
  }, fileBase64)
  return { width, height, rgb: Buffer.from(base64, 'base64') }
}
