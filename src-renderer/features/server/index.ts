/** The page of one server; lazy. */
export const ServerView = () => import('./ServerView.vue')
