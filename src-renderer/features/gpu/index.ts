export { default as GpuTab } from './GpuTab.vue'
