export { default as TrafficTab } from './TrafficTab.vue'
