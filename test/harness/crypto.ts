/** Stands in for node:crypto in the browser. */
export const randomUUID = (): string => crypto.randomUUID()
