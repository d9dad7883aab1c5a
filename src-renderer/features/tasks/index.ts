export { useTasks } from './store.ts'
export { useTaskWords, type TaskWords } from './task-words.ts'
export { default as TaskDrawer } from './TaskDrawer.vue'
