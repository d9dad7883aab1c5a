import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { drawSoon } from './frame-queue.ts'

const DRAW_MS = 10
let nowMs = 0
let frames: FrameRequestCallback[]
let drawn: string[]

beforeEach(() => {
  frames = []
  drawn = []
  vi.spyOn(performance, 'now').mockImplementation(() => nowMs)
  vi.stubGlobal('requestAnimationFrame', (callback: FrameRequestCallback) => frames.push(callback))
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

const chart = (name: string) => (): void => {
  nowMs += DRAW_MS
  drawn.push(name)
}
/** The browser's next frame. */
function frame(): void {
  for (const callback of frames.splice(0)) callback(nowMs)
}

describe('the queue of drawings', () => {
  it('spreads charts over frames, so that a tick makes no long one', () => {
    for (const name of ['a', 'b', 'c']) drawSoon(chart(name))
    frame()
    expect(drawn).toEqual(['a'])
    frame()
    frame()
    expect(drawn).toEqual(['a', 'b', 'c'])
    expect(frames).toEqual([])
  })

  it('draws the answer to the operator in one frame, and spreads the next tick again', () => {
    for (const name of ['a', 'b', 'c']) drawSoon(chart(name), true)
    frame()
    expect(drawn).toEqual(['a', 'b', 'c'])
    for (const name of ['d', 'e']) drawSoon(chart(name))
    frame()
    expect(drawn).toEqual(['a', 'b', 'c', 'd'])
    frame()
  })

  it('draws once what is asked for twice, and nothing that was called off', () => {
    const draw = chart('a')
    drawSoon(draw)
    drawSoon(draw)
    const callOff = drawSoon(chart('b'))
    callOff()
    frame()
    frame()
    expect(drawn).toEqual(['a'])
  })
})
