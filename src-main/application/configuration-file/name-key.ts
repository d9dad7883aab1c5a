/** Names are the same whatever their case and however their letters are composed; as the storage compares those of servers. */
export const nameKey = (name: string): string => name.normalize('NFC').toLowerCase()
