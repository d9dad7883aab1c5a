export { default as ServicesTab } from './ServicesTab.vue'
