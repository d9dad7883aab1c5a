/** Words of server. */
export const server = {}
