/** Who is logged in: every five minutes, every 30 s while somebody looks. */
import { MAX_SESSIONS_SHOWN, type UsersView } from '#contract/services.ts'
import { isLogin } from '../../domain/services/sessions.ts'
import type { TelemetryLane } from '../telemetry/lane.ts'
import { lacks, laneOf, nothing, ofServer, works, type ServicePart } from './service-lanes.ts'
import type { ServiceHost } from './service-host.ts'

const EVERY_MS = 300_000
const WATCHED_EVERY_MS = 30_000
const FIRST_AFTER_MS = 2_000

export const usersLane = (host: ServiceHost, part: ServicePart<UsersView>): TelemetryLane =>
  laneOf({
    id: 'users',
    part,
    firstAfterMs: FIRST_AFTER_MS,
    everyMs: (serverId) => (part.board.isWatched(serverId) ? WATCHED_EVERY_MS : EVERY_MS),
    open: (context) => async (signal) => {
      const atMs = context.clock.nowMs()
      const { source, sessions, isPartial } = await host.users({ ...context, sudo: context.sudo(), signal })
      // Without logind and utmp only sshd's titles are left: hidden from this login, or of another ssh server.
      if (isPartial) return nothing(lacks('users', 'permissionDenied'))
      if (source === 'processes' && sessions.length === 0) return nothing(lacks('users', 'toolMissing'))
      const loggedIn = sessions.filter(isLogin).length
      part.board.publish(context.serverId, {
        atMs,
        source,
        loggedIn,
        sessions: sessions.slice(0, MAX_SESSIONS_SHOWN),
        leftOut: Math.max(0, sessions.length - MAX_SESSIONS_SHOWN)
      })
      return { entities: [ofServer({ usersLoggedIn: loggedIn })], capabilities: [works('users')] }
    }
  })
