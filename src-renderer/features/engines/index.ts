export { default as EnginesCard } from './EnginesCard.vue'
