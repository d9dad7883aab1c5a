/** Draws charts a few at a time: a page of ten charts that all get a tick must not make one long frame. */

/** Per frame. */
const TICK_BUDGET_MS = 6
/** Where somebody waits for the picture, all of it soon is better than smooth frames of half of it. */
const ANSWER_BUDGET_MS = 60
const waiting = new Set<() => void>()
let isAwaited = false
let frame = 0

function run(): void {
  frame = 0
  const start = performance.now()
  const budgetMs = isAwaited ? ANSWER_BUDGET_MS : TICK_BUDGET_MS
  for (const draw of waiting) {
    waiting.delete(draw)
    draw()
    if (performance.now() - start > budgetMs) break
  }
  if (waiting.size > 0) frame = requestAnimationFrame(run)
  else isAwaited = false
}

/**
 * Runs `draw` once in one of the next frames, however often it is asked for. Returns the way to call it off.
 * @param awaited it is the answer to something that the operator did
 */
export function drawSoon(draw: () => void, awaited = false): () => void {
  waiting.add(draw)
  if (awaited) isAwaited = true
  if (frame === 0) frame = requestAnimationFrame(run)
  return () => waiting.delete(draw)
}
