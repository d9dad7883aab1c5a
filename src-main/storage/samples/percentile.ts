/** Order statistics. Both reorder the array they are given. */

/** The middle value; of an even number the mean of the two in the middle. NaN for none. */
export function medianOf(values: Float64Array): number {
  const { length } = values
  if (length === 0) return NaN
  const upper = select(values, length >> 1)
  if (length % 2 === 1) return upper
  let lower = -Infinity
  for (let at = 0; at < length >> 1; at++) lower = Math.max(lower, values[at] ?? lower)
  return (lower + upper) / 2
}

/** Nearest rank: the smallest value that at least `share` of all values do not exceed. NaN for none. */
export function percentileOf(values: Float64Array, share: number): number {
  if (values.length === 0) return NaN
  return select(values, Math.max(0, Math.ceil(share * values.length) - 1))
}

/** Quickselect: the value that would stand at `rank` when sorted; smaller ones end up before it. */
function select(values: Float64Array, rank: number): number {
  let low = 0
  let high = values.length - 1
  while (low < high) {
    const pivot = middleOfThree(values[low] ?? 0, values[(low + high) >>> 1] ?? 0, values[high] ?? 0)
    let left = low
    let right = high
    while (left <= right) {
      while ((values[left] ?? pivot) < pivot) left++
      while ((values[right] ?? pivot) > pivot) right--
      if (left > right) break
      const swapped = values[left] ?? 0
      values[left++] = values[right] ?? 0
      values[right--] = swapped
    }
    if (rank <= right) high = right
    else if (rank >= left) low = left
    else break
  }
  return values[rank] ?? NaN
}

function middleOfThree(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c))
}
