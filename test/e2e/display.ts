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

/** Every pixel of the display as red, green, blue. */
export async function rgbOf(page: Page): Promise<{ width: number; height: number; rgb: Buffer }> {
  const { width, height, base64 } = await page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>('[data-testid=display-screen] canvas')
    if (!canvas || canvas.width === 0) return { width: 0, height: 0, base64: '' }
    const { width, height } = canvas
    const copy = new OffscreenCanvas(width, height)
    const context = copy.getContext('2d', { willReadFrequently: true })
    if (!context) return { width: 0, height: 0, base64: '' }
    context.drawImage(canvas, 0, 0)
    const { data } = context.getImageData(0, 0, width, height)
    let text = ''
    for (let at = 0; at < data.length; at += 4)
      text += String.fromCharCode(data[at] ?? 0, data[at + 1] ?? 0, data[at + 2] ?? 0)
    return { width, height, base64: btoa(text) }
  })
  return { width, height, rgb: Buffer.from(base64, 'base64') }
}
