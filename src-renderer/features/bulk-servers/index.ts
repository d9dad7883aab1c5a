export { useLastEdit, type LastEdit } from './last-edit.ts'
export { useServerSelection } from './selection.ts'
export { default as ServerBulkBar } from './ServerBulkBar.vue'
export { toConnect, useManyServers, type ManyServers } from './use-many-servers.ts'
