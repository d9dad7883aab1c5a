/** Words of add-server. */
export const addServer = {}
