export { default as PowerTab } from './PowerTab.vue'
export { formatEnergy } from './energy.ts'
