export { useServerActions, type ServerAction, type ServerActions } from './use-server-actions.ts'
