/** Words of export. */
export const exports = {}
