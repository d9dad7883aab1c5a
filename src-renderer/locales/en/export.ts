export const exports = {
  done: 'Saved {rows} rows as CSV.'
}
