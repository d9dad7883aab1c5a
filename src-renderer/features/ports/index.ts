export { default as PortsTab } from './PortsTab.vue'
