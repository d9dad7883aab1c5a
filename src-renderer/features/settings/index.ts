/** The view is no part of it: it shows cards of features that in turn read the settings. */
export { useSettings, type SettingsChange } from './store.ts'
