export { default as ProcessesTab } from './ProcessesTab.vue'
