export { showNotifications } from './show-notifications.ts'
export { useNotificationPermission } from './permission.ts'
