// Owns the local authorisation list and the authorisation cache (1.6 sections 5.4, 5.10, 5.15; 2.x blocks C and D).
// Must not decide who may charge.
import { type Block, list, ok, part, status } from '../core.ts'
import type { Payload } from '../options.ts'

const maxEntries = 1000

export const localList: Block = {
  ClearCache: (_, { state }) => {
    state.authorizationCache.clear()
    return status('Accepted')
  },
  GetLocalListVersion: (_, { state, v16 }) =>
    ok(v16 ? { listVersion: state.localList.version } : { versionNumber: state.localList.version }),
  SendLocalList: (payload, { state, v16 }) => {
    const version = Number(v16 ? payload.listVersion : payload.versionNumber)
    const current = state.localList
    const full = payload.updateType === 'Full'
    if (!full && version <= current.version) return status('VersionMismatch')
    const entries = full ? new Map<string, Payload | null>() : new Map(current.entries)
    for (const one of list(payload.localAuthorizationList)) {
      const token = String(v16 ? one.idTag : part(one.idToken).idToken)
      const info = v16 ? one.idTagInfo : one.idTokenInfo
      if (info !== undefined) entries.set(token, part(info))
      // A full list has no removals: an entry without info is wrong there.
      else if (full) return status('Failed')
      else entries.delete(token)
    }
    if (entries.size > maxEntries) return status('Failed')
    state.localList = { version, entries }
    return status('Accepted')
  },
}
