export {
  useServers,
  useServersStore,
  type PresenceCounts,
  type ServersStore,
  type SparklinePoints
} from './store.ts'
