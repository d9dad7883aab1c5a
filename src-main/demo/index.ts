export { DemoCommand, type DemoAnswer, type DemoControl } from './control.ts'
export { startDemoFleet, type DemoFleet, type DemoFleetOptions, type DemoServer } from './fleet.ts'
export { startDemoFleetInWorker, type DemoFleetInWorker } from './in-worker.ts'
