export { default as BackupCard } from './BackupCard.vue'
