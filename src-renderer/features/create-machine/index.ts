/** The dialog that makes a machine, and what of earlier ones is not finished. */
export { default as CreateButton } from './CreateButton.vue'
export { openCreateDialog } from './open.ts'
export { default as UnfinishedCreates } from './UnfinishedCreates.vue'
