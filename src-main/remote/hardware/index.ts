export { createHardwareProbes } from './hardware-probes.ts'
