/** Draws charts a few at a time: a page of ten charts that all get a tick must not make one long frame. */

const BUDGET_MS = 6
const waiting = new Set<() => void>()
let frame = 0

function run(): void {
  frame = 0
  const start = performance.now()
  for (const draw of waiting) {
    waiting.delete(draw)
    draw()
    if (performance.now() - start > BUDGET_MS) break
  }
  if (waiting.size > 0) frame = requestAnimationFrame(run)
}

/** Runs `draw` once in one of the next frames, however often it is asked for. Returns the way to call it off. */
export function drawSoon(draw: () => void): () => void {
  waiting.add(draw)
  if (frame === 0) frame = requestAnimationFrame(run)
  return () => waiting.delete(draw)
}
