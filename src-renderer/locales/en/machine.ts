/** Words of machine. */
export const machine = {}
