/** Words of metrics. */
export const metrics = {}
