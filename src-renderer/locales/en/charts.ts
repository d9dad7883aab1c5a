/** Words of charts. */
export const charts = {}
