/** Which row a key of the keyboard leads to, in a table that is one tab stop. */

/**
 * @param at the active row; -1 = none yet
 * @returns an index that may lie beyond the first or the last row; undefined = the key moves nothing
 */
export function rowAfterKey(
  key: string,
  { at, pageRows, count }: { readonly at: number; readonly pageRows: number; readonly count: number }
): number | undefined {
  const moves: Readonly<Record<string, number>> = {
    ArrowDown: at + 1,
    ArrowUp: at - 1,
    PageDown: at + pageRows,
    PageUp: at - pageRows,
    Home: 0,
    End: count - 1
  }
  return moves[key]
}
