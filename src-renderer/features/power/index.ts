export { default as PowerTab } from './PowerTab.vue'
