export { useConsole } from './store.ts'
