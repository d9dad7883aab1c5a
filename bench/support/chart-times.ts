/**
 * Times a change of range as an eye would: by the strokes on the page's canvases, without any help from the console. The
 * question and the answer are seen at the socket, which tells where the time goes.
 */
import type { Page } from 'playwright-core'

/** All in milliseconds since the press, but the size. */
export interface ChartTimes {
  /** history.read went out. */
  readonly askedMs: number
  /** Its answer came in. */
  readonly answeredMs: number
  readonly answerChars: number
  /** The frame in which the first chart with the new data was drawn had ended. */
  readonly firstDrawnMs: number
  /** The same of the last one. */
  readonly drawnMs: number
}

interface Observed {
  askedMs: number
  answeredMs: number
  answerChars: number
  /** Ends of frames in which something was drawn. */
  drawnMs: number[]
}

declare global {
  interface Window {
    observed: Observed
  }
}

/** An answer with series is at least this long. */
const LEAST_ANSWER_CHARS = 5_000
/** No stroke for so long: the picture stands. */
const STILL_MS = 500

/** Reloads the page with its socket and its canvases watched. */
export async function observeCharts(page: Page): Promise<void> {
  await page.addInitScript((leastAnswerChars) => {
    const observed: Observed = { askedMs: NaN, answeredMs: NaN, answerChars: 0, drawnMs: [] }
    window.observed = observed
    const { send } = WebSocket.prototype
    WebSocket.prototype.send = function (this: WebSocket, data: Parameters<typeof send>[0]): void {
      if (typeof data === 'string' && data.includes('"history.read"')) observed.askedMs = performance.now()
      send.call(this, data)
    }
    const { addEventListener } = WebSocket.prototype
    const onMessage = ({ data }: MessageEvent): void => {
      if (typeof data !== 'string' || data.length < leastAnswerChars) return
      observed.answeredMs = performance.now()
      observed.answerChars = data.length
    }
    WebSocket.prototype.addEventListener = function (
      this: WebSocket,
      ...args: Parameters<typeof addEventListener>
    ): void {
      if (args[0] === 'message') addEventListener.call(this, 'message', onMessage as EventListener)
      addEventListener.apply(this, args)
    }
    let isNoted = false
    // Charts draw within a frame; a message posted there comes when the frame is done.
    const noteDrawn = (): void => {
      if (isNoted) return
      isNoted = true
      const { port1, port2 } = new MessageChannel()
      port1.onmessage = () => {
        isNoted = false
        observed.drawnMs.push(performance.now())
      }
      port2.postMessage(null)
    }
    const { stroke } = CanvasRenderingContext2D.prototype
    CanvasRenderingContext2D.prototype.stroke = function (
      this: CanvasRenderingContext2D,
      ...args: [] | [Path2D]
    ): void {
      noteDrawn()
      Reflect.apply(stroke, this, args)
    }
  }, LEAST_ANSWER_CHARS)
  await page.reload()
}

/** Presses a range by its name, waits until the picture stands, and says how long each part took. */
export async function timedClick(page: Page, range: string): Promise<ChartTimes> {
  return page.evaluate(
    async ({ range: name, stillMs }) => {
      const buttons = [...document.querySelectorAll('button')]
      const button = buttons.find((candidate) => candidate.textContent.trim() === name)
      if (!button) throw new Error(`no range is called ${name}`)
      const { observed } = window
      observed.drawnMs = []
      observed.answeredMs = NaN
      const sinceMs = performance.now()
      button.click()
      for (;;) {
        await new Promise((done) => setTimeout(done, 100))
        const last = observed.drawnMs.at(-1) ?? NaN
        if (performance.now() - Math.max(last, observed.answeredMs) > stillMs) break
        if (performance.now() - sinceMs > 20_000) throw new Error('the chart never came to rest')
      }
      const after = observed.drawnMs.filter((atMs) => atMs > observed.answeredMs)
      return {
        askedMs: observed.askedMs - sinceMs,
        answeredMs: observed.answeredMs - sinceMs,
        answerChars: observed.answerChars,
        firstDrawnMs: (after[0] ?? NaN) - sinceMs,
        drawnMs: (after.at(-1) ?? NaN) - sinceMs
      }
    },
    { range, stillMs: STILL_MS }
  )
}
