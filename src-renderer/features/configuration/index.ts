/** Tabs of a VM's page for its configuration; `block` says why nothing can be changed, in words. */
export { default as ConfigurationTab } from './ConfigurationTab.vue'
export { default as DisksTab } from './DisksTab.vue'
export { default as NeedsShutdownBadge } from './NeedsShutdownBadge.vue'
export { default as NetworkTab } from './NetworkTab.vue'
