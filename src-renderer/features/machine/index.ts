/** The page of one VM; lazy. */
export const MachineView = () => import('./MachineView.vue')
export { default as MachineTable } from './MachineTable.vue'
export { actionsFor, blockOf, machineDot, machineTone } from './machine-state.ts'
export { useMachineActions } from './use-machine-actions.ts'
