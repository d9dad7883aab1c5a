import type { ServerView } from '#contract/servers.ts'
export async function openServerDialog(_options: { edit?: ServerView } = {}): Promise<void> { await Promise.resolve() }
