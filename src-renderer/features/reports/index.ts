/** Loaded when first opened: charts and tables that the start does not need. */
export const ReportsView = () => import('./ReportsView.vue')
