export { usePower, type PowerActions } from './use-power.ts'
