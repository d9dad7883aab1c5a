export { useDemo } from './use-demo.ts'
export const FleetView = () => import('./FleetView.vue')
