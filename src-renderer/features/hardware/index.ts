export { default as HardwareTab } from './HardwareTab.vue'
