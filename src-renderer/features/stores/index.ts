export { default as StoresTab } from './StoresTab.vue'
export { openDeleteDialogs } from './open-delete.ts'
export { openUploadDialog } from './open-upload.ts'
