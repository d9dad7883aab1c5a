export { createGpuPowerProbes } from './gpu-power-probes.ts'
