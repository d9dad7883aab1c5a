export { default as GuestCard } from './GuestCard.vue'
