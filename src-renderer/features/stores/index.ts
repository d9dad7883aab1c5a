export { default as StoresTab } from './StoresTab.vue'
