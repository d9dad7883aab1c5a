export { useSettings, type SettingsChange } from './store.ts'
export const SettingsView = () => import('./SettingsView.vue')
