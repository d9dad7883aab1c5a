/** What a server can tell: asked again at the operator's wish. The list itself is part of `ServerView`. */
import { z } from 'zod'
import { call } from './define.ts'
import { ServerId } from './ids.ts'

export const capabilitiesContract = {
  /**
   * All lanes read now instead of at their next turn, answers come as changes of the server. Where something is refused the
   * console logs in anew, because a login has the groups it was given when it began. Fails with `disconnected`.
   */
  'capabilities.readNow': call(z.object({ serverId: ServerId }), z.null())
}
