export const ActivityView = () => import('./ActivityView.vue')
