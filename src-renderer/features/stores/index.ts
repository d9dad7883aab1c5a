export { default as StoresTab } from './StoresTab.vue'
export { openUploadDialog } from './open-upload.ts'
