// Owns periodic event streams as the hub sees and changes them (2.1 N11 to N15).
// Must not send values by itself.
import { type Block, ok, part, status } from '../core.ts'

export const streams: Block = {
  AdjustPeriodicEventStream: ({ id, params }, { state }) => {
    const stream = state.streams.get(Number(id))
    if (stream === undefined) return status('Rejected')
    stream.params = { ...stream.params, ...part(params) }
    return status('Accepted')
  },
  GetPeriodicEventStream: (_, { state }) => {
    const constantStreamData = [...state.streams.values()]
    return ok(constantStreamData.length > 0 ? { constantStreamData } : {})
  },
}
