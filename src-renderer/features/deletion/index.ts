export { useDeletion } from './use-deletion.ts'
