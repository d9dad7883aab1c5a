export { useCloneActions } from './use-clone-actions.ts'
