export { default as ConfigurationFileCard } from './ConfigurationFileCard.vue'
