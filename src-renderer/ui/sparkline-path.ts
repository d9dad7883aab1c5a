/** SVG path of a sparkline; a null lifts the pen: a gap is drawn as a gap. */
export function sparklinePath(
  points: readonly (number | null)[],
  width: number,
  height: number,
  slots = points.length
): string {
  let max = 0
  for (const point of points) if (point !== null && point > max) max = point
  // One stroke of room above and below; a flat zero line lies on the floor.
  const usable = height - 2
  const step = slots > 1 ? width / (slots - 1) : 0
  // Newest at the right edge, also while there are fewer points than slots.
  const offset = (slots - points.length) * step
  let path = ''
  let penDown = false
  points.forEach((point, index) => {
    if (point === null) {
      penDown = false
      return
    }
    const x = offset + index * step
    const y = 1 + usable * (1 - (max === 0 ? 0 : point / max))
    path += `${penDown ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`
    penDown = true
  })
  return path
}
