export { machineKey, useMachines, useMachinesStore, type MachineKey, type MachinesStore } from './store.ts'
