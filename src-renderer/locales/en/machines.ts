/** Words of machines. */
export const machines = {}
