/** What the canvas of a VM's display shows. */
import type { Page } from 'playwright-core'

/** The display's size, how many pixels of it are lit, and a sign of which. */
export const lookAt = (page: Page): Promise<{ width: number; height: number; lit: number; sum: number }> =>
  page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>('[data-testid=vnc-screen] canvas')
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
