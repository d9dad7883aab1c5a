export { default as AllowNotifications } from './AllowNotifications.vue'
export { showNotifications } from './show-notifications.ts'
