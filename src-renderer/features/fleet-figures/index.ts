import { defineAsyncComponent } from 'vue'

export { default as BestNow } from './BestNow.vue'
export { default as LevelMark } from './LevelMark.vue'
export { LEVEL_ORDER, useRecommendationWords } from './recommendation-words.ts'
export { useRecommendations } from './store.ts'

/** Loaded when first shown: its charts and tables are of no use to the screens that only mark servers. */
export const FleetStatistics = defineAsyncComponent(() => import('./FleetStatistics.vue'))
