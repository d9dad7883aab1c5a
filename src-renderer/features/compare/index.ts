/** The page that compares servers, or VMs, over a range; lazy. */
export const CompareView = () => import('./CompareView.vue')
