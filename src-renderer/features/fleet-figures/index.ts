export { default as FleetStatistics } from './FleetStatistics.vue'
