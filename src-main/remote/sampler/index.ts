export { createHostSampler } from './host-sampler.ts'
