export { default as SnapshotsTab } from './SnapshotsTab.vue'
