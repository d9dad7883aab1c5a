/** All VMs of all servers; lazy. */
export const MachinesView = () => import('./MachinesView.vue')
