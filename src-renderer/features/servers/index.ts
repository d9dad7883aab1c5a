export {
  needsOperator,
  remedyFor,
  useCauseWords,
  useConnectionWords,
  useMissingReason,
  type ConnectionWords,
  type Remedy
} from './connection-words.ts'
export { groupCapabilities, missingCount, oldestCheckMs, wantsSudo } from './capability-groups.ts'
export { locationsInUse, tagsInUse } from './in-use.ts'
export { isStale, serverDot } from './server-state.ts'
export { blockOf } from './write-block.ts'
export {
  useServers,
  useServersStore,
  type PresenceCounts,
  type ServersStore,
  type SparklinePoints
} from './store.ts'
